"""Sums about offers, prices, routes and refunds."""
