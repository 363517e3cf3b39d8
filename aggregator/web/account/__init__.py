"""What everybody meets at the door, and what resellers do once they are in."""

from __future__ import annotations

from aggregator.web.account.doors import DoorsController
from aggregator.web.account.home import HomeController
from aggregator.web.account.keys import KeysController
from aggregator.web.account.mass import MassController
from aggregator.web.account.ordering import OrderingController
from aggregator.web.account.orders import OrdersController
from aggregator.web.account.safety import SafetyController
from aggregator.web.account.wallet import WalletController

CONTROLLERS = (
    DoorsController,
    HomeController,
    OrderingController,
    MassController,
    OrdersController,
    WalletController,
    KeysController,
    SafetyController,
)
