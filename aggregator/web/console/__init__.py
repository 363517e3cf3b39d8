"""The owner's console: what is wrong, what it costs, and every deed that the command line has."""

from __future__ import annotations

from litestar import Router

from aggregator.errors import CannotBeDone
from aggregator.web.console import (
    audit,
    decisions,
    deeds,
    keys,
    orders,
    overview,
    prices,
    providers,
    resellers,
    services,
    unsure,
    words,
)
from aggregator.web.guards import owners

PAGES = Router(
    "/console",
    guards=[owners],
    exception_handlers={CannotBeDone: deeds.refuse},
    route_handlers=[
        overview.OverviewController,
        prices.PricesController,
        services.ServicesController,
        providers.ProvidersController,
        words.WordsController,
        orders.OrdersController,
        unsure.UnsureController,
        resellers.ResellersController,
        keys.KeysController,
        audit.AuditController,
        decisions.DecisionsController,
    ],
)
