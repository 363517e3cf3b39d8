"""What everybody may read: the price list, what changed on it, and how to use the API."""

from __future__ import annotations

from aggregator.web.public import api_page, services

SECTIONS = (services.section, api_page.section)
