"""HTTP as all of this program speaks it: whoever wants httpx's names takes them from here.

To move to httpx2, only these two imports change (docs/decisions/0001-http-client.md).
"""

import httpx
from httpx_aiohttp import AiohttpTransport

__all__ = ["AiohttpTransport", "httpx"]
