"""Takes orders in: what a link and a type mean, idempotency, charge and acceptance in one commit."""
