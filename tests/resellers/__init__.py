"""Who buys, and with which keys."""
