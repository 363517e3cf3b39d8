"""The owner's console: what is wrong, what it costs, and every deed that the command line has."""

from __future__ import annotations

from litestar import Router

from aggregator.web.console.audit import AuditController
from aggregator.web.console.decisions import DecisionsController
from aggregator.web.console.keys import KeysController
from aggregator.web.console.orders import OrdersController
from aggregator.web.console.overview import OverviewController
from aggregator.web.console.prices import PricesController
from aggregator.web.console.providers import ProvidersController
from aggregator.web.console.resellers import ResellersController
from aggregator.web.console.services import ServicesController
from aggregator.web.console.unsure import UnsureController
from aggregator.web.console.words import WordsController
from aggregator.web.guards import owners

ROUTER = Router(
    "/console",
    guards=[owners],
    route_handlers=[
        OverviewController,
        PricesController,
        ServicesController,
        ProvidersController,
        WordsController,
        OrdersController,
        UnsureController,
        ResellersController,
        KeysController,
        AuditController,
        DecisionsController,
    ],
)
