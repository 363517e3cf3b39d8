"""What every answer tells the browser never to do, errors and files included."""

from __future__ import annotations

from typing import Any

from aggregator.api.asgi import Asgi, Scope

POLICY = (
    "default-src 'self'; img-src 'self' data:; "  # Bootstrap draws its ticks and arrows as data: images
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'"
)
GUARDS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
STRICT_TRANSPORT = "max-age=31536000; includeSubDomains"


def guarded(application: Asgi, *, https: bool) -> Asgi:
    """The application with the guards on each of its answers."""
    told = GUARDS | ({"strict-transport-security": STRICT_TRANSPORT} if https else {})
    headers = [(name.encode(), value.encode()) for name, value in told.items()]

    async def guard(scope: Scope, receive: Any, send: Any) -> None:
        async def send_guarded(message: Any) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *headers]}
            await send(message)

        await application(scope, receive, send_guarded)

    return guard
