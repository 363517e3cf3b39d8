"""Ends orders: what a reading decides, what is refunded, and the totals of the day it counts in."""
