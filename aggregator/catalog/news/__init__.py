"""Tells everyone what changed on our shelf, and lets old histories go."""
