"""The specification's own programs, letter by letter; only the address and the key are put in before they run."""

from __future__ import annotations

import sys
from pathlib import Path
from shutil import which
from typing import NamedTuple

URL = "https://mysticsmm.com/api/v2"
KEY = "YOUR_API_KEY"

PHP = r"""<?php
$api_url = 'https://mysticsmm.com/api/v2';
// Place an order
$response = file_get_contents($api_url, false, stream_context_create([
'http' => [
'method' => 'POST',
'header' => 'Content-Type: application/json',
'content' => json_encode([
'key' => 'YOUR_API_KEY',
'action' => 'add',
'service' => 1,
'link' => 'https://instagram.com/username',
'quantity' => 1000,
]),
],
]));
$result = json_decode($response, true);
echo "Order ID: " . $result['order'];
?>"""

PYTHON = r"""import requests
API_URL = 'https://mysticsmm.com/api/v2'
API_KEY = 'YOUR_API_KEY'
# List all services
services = requests.post(API_URL, json={
'key': API_KEY,
'action': 'services',
}).json()
# Place an order
order = requests.post(API_URL, json={
'key': API_KEY,
'action': 'add',
'service': 1,
'link': 'https://instagram.com/username',
'quantity': 1000,
}).json()
print(f"Order ID: {order['order']}")
# Check order status
status = requests.post(API_URL, json={
'key': API_KEY,
'action': 'status',
'order': order['order'],
}).json()
print(f"Status: {status['status']}")
# Check balance
balance = requests.post(API_URL, json={
'key': API_KEY,
'action': 'balance',
}).json()
print(f"Balance: ${balance['balance']}")
"""

JAVASCRIPT = r"""const API_URL = 'https://mysticsmm.com/api/v2';
const API_KEY = 'YOUR_API_KEY';
async function smmRequest(params) {
const res = await fetch(API_URL, {
method: 'POST',
headers: { 'Content-Type': 'application/json' },
body: JSON.stringify({ key: API_KEY, ...params }),
});
return res.json();
}
// List services
const services = await smmRequest({ action: 'services' });
// Place order
const order = await smmRequest({
action: 'add',
service: 1,
link: 'https://instagram.com/username',
quantity: 1000,
});
console.log('Order ID:', order.order);
// Check status
const status = await smmRequest({
action: 'status',
order: order.order,
});
console.log('Status:', status.status);
// Check balance
const balance = await smmRequest({ action: 'balance' });
console.log('Balance:', balance.balance);
"""

CURL = r"""# List services
curl -X POST https://mysticsmm.com/api/v2 \
-H "Content-Type: application/json" \
-d '{"key": "YOUR_API_KEY", "action": "services"}'
# Place order
curl -X POST https://mysticsmm.com/api/v2 \
-H "Content-Type: application/json" \
-d '{"key": "YOUR_API_KEY", "action": "add", "service": 1, "link": "https://instagram.com/username", "quantity": 1000}'
# Check order status
curl -X POST https://mysticsmm.com/api/v2 \
-H "Content-Type: application/json" \
-d '{"key": "YOUR_API_KEY", "action": "status", "order": 12345}'
# Check balance
curl -X POST https://mysticsmm.com/api/v2 \
-H "Content-Type: application/json" \
-d '{"key": "YOUR_API_KEY", "action": "balance"}'
"""


class Sample(NamedTuple):
    """A program, what runs it, what that needs, and what the program prints when the panel keeps the specification."""

    name: str
    needs: str
    command: tuple[str, ...]
    text: str
    prints: str

    def write(self, folder: Path, url: str, key: str) -> Path:
        """Put the program into a folder, with this address and this key."""
        path = folder / self.name
        path.write_text(self.text.replace(URL, url).replace(KEY, key))
        return path


_STATUS = "(?:PENDING|PROCESSING|IN_PROGRESS|COMPLETED)"
_SERVICE = (
    r'\[\{"service":1,"name":"Instagram Followers - Premium",[^{}]*"rate":2\.50?,[^{}]*\}\]',
    rf'\{{[^{{}}]*"charge":2\.50?,[^{{}}]*"status":"{_STATUS}"[^{{}}]*\}}',
)
SAMPLES = (
    Sample("order.php", "php", ("php",), PHP, "Order ID: 12345"),
    Sample(
        "order.py",
        sys.executable,
        (sys.executable,),
        PYTHON,
        rf"Order ID: 12345\nStatus: {_STATUS}\nBalance: \$147\.50\n",
    ),
    Sample("order.mjs", "node", ("node",), JAVASCRIPT, rf"Order ID: 12345\nStatus: {_STATUS}\nBalance: 147\.50\n"),
    Sample(
        "order.sh",
        "curl",
        ("sh",),
        CURL,
        _SERVICE[0] + r'\{"order":12345\}' + _SERVICE[1] + r'\{"balance":"147\.50","currency":"USD"\}',
    ),
)
TRIED = [sample for sample in SAMPLES if which(sample.needs)]
LEFT_OUT = [sample for sample in SAMPLES if sample not in TRIED]
