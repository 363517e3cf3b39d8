"""Whose a provider's order id is: accounts behind addresses and keys, and ids that were given twice."""
