"""Breaks a running panel in every way that is known, by a seed, and proves that no order and no cent went wrong."""
