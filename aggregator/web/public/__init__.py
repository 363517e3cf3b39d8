"""What everybody may read: the price list, what changed on it, and how to use the API."""

from __future__ import annotations

from litestar import Router
from litestar.di import Provide

from aggregator.web.guards import anyone
from aggregator.web.public import api_page, services

PAGES = Router(
    "/",
    guards=[anyone],
    dependencies={"buyer": Provide(services.buyer_of)},
    route_handlers=[services.ServicesController, api_page.ApiPageController],
)
