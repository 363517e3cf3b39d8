"""Follows orders at their providers until they end: polling, charges, over-delivery, call-offs and cancels."""
