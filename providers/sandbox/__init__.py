"""A whole upstream panel to try against, served over HTTP, that does with an order what its link tells it to.

`Sandbox` is an ASGI application: `/api/v2` speaks the protocol in one of two dialects, `/sandbox/...` steers it.
It asks for no proof on `/sandbox/...`, so listen on the loopback address only.

A word in the link's path decides what becomes of the order (`https://x.example/u/partial/3000`):

| in the link | what happens |
|---|---|
| nothing of these | Pending, In progress with remains falling, Completed |
| `/partial/N` | delivered until N units remain, then Partial; N units are paid back |
| `/cancel` | Pending, then Canceled with nothing delivered; everything is paid back |
| `/cancel/N` | delivered until N remain, then Canceled: json pays N units back, classic pays everything back |
| `/slow` | In progress for ever, one unit per lifetime |
| `/pending` | Pending for ever |
| `/late/N` | Completed, and one lifetime later Partial with N remaining |
| `/grow/A/B` | Partial with A remaining, and one lifetime later Partial with B |
| `/unknownword/WORD` | its status says WORD for ever (`%20` and `+` are blanks) |
| `/refuse/TEXT` | the add is refused with TEXT (`%20`, `+` and `-` are blanks) |
| `/lost` | the order is taken and charged, the answer never comes: the connection is held until the client leaves |
| `/drop` | the order is taken and charged, the connection is closed without a reply |
| `/error500` | the order is taken and charged, the answer is a page of HTML with code 500 |
| `/lostno` | the order is not taken, and the answer never comes |

One of the last five may stand together with one of the others: `/lost/partial/300`.

A dishonest panel has tricks. Those of one order stand in its link, beside the words above:

| in the link | trick | what is done behind the customer's back |
|---|---|---|
| `/overcharge/X` | `times` | X times the list is charged, and every status says so |
| `/skim/X` | `times`, `states` | X times the list is charged, and every status says what the list would make of it |
| `/keep` | `keeps` | of a cancelled order the status says charge 0, and the money stays |
| `/revive` | `revives` | a cancelled order is Completed one lifetime later, and charged again |
| `/dripcancel/N` | `runs` | a drip-feed ends Canceled with `runs: N`; the runs that did not begin are paid back |
| `/overserve/N` | `more_posts` | a subscription ends with N posts more than were bought |
| `/negative` | `negative_start` | `start_count` is below zero |
| `/busycancel` | `busy_cancel` | the first cancel that names the order is answered 429, and does nothing |
| `/lostcancel` | `lost_cancel` | the first cancel that names the order is carried out, the answer never comes |
| `/echo` | `echoes` | refusals and pages repeat everything that was sent, the key as well |
| | `foreign_rows` | `orders` lists so many of somebody else, of our links, a month old; all have a date, `created` |

`Sandbox(tricks=Tricks(times=Decimal("1.2"), keeps=True))` plays them with every order, and so does steering.

A lifetime takes `speed` seconds. With `speed=0` orders live by being asked for: the first `status` finds the end,
the third finds the late change of `/late` and `/grow`, and `/slow` gives up one unit every second time.

Money is exact: the balance and the net charges of all orders always add up to what was paid in. An order that ends
below its quantity gives back the price of the units that did not come, or keeps it by a trick: both sides of the sum
say so. `charge` in a status is net in the classic dialect and gross in the json one, whose documentation computes
refunds from it.

What panels differ in is said when it is made: `lists_orders=True` lists the newest orders under `orders`,
`honours="request_id"` answers a repeated id with the first order, `balance_decimals=2` cuts the balance shown, and
with `debits_late=5` an order's charge reaches that balance five seconds after the order.

| steering, JSON in and out | does |
|---|---|
| `GET /sandbox/orders` | every add as it arrived, taken or not, and how its order stands now |
| `GET /sandbox/state` | balance, sum of net charges, mode, number of services and orders |
| `POST /sandbox/balance {"balance": "5"}` | sets the balance |
| `POST /sandbox/rate {"service": 1, "rate": "2.5"}` | sets a service's rate; orders already taken keep theirs |
| `POST /sandbox/order {"order": 1000, "status": "Partial", "remains": 3}` | forces a status; any word will do |
| `POST /sandbox/mode {"mode": "down"}` | `up`; `down` 503 page; `hang` no answer; `html` page with 200; `refuse:TEXT` |
| `POST /sandbox/tricks {"times": "1.5", "keeps": true}` | plays these with orders from now on; the others stay |
| `GET /sandbox/tricks` | those that are played |
| `POST /sandbox/ids {"next": 1000}` | counts ids on from there, also those that were given before |
| `POST /sandbox/catalogue {"rows": [...]}` or `{"remove": 1}` | publishes other rows, or takes one service away |
"""

from __future__ import annotations

from providers.sandbox.app import Sandbox
from providers.sandbox.catalogue import load_catalogue
from providers.sandbox.tricks import Tricks

__all__ = ["Sandbox", "Tricks", "load_catalogue"]
