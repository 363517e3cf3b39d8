"""What everybody may read: the price list, what changed on it, and how to use the API."""

from __future__ import annotations

from aggregator.web.public.api_page import ApiPageController
from aggregator.web.public.services import ServicesController

CONTROLLERS = (ServicesController, ApiPageController)
