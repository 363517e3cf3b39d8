"""One SMM panel in front of many: resellers order here, the cheapest provider delivers."""

__version__ = "0.1.0"
