"""What everybody meets at the door, and what resellers do once they are in."""

from __future__ import annotations

from litestar import Router
from litestar.di import Provide

from aggregator.web.account import buying, home, keys, mass, ordering, orders, safety, sign_in, wallet
from aggregator.web.guards import resellers

PAGES = (
    sign_in.DoorsController,
    safety.SafetyController,
    Router(
        "/",
        guards=[resellers],
        dependencies={"caller": Provide(buying.caller_of)},
        route_handlers=[
            home.HomeController,
            ordering.OrderingController,
            mass.MassController,
            orders.OrdersController,
            wallet.WalletController,
            keys.KeysController,
        ],
    ),
)
