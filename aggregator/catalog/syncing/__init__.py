"""Reads catalogues: what changed, what may be believed, what waits for the owner."""
