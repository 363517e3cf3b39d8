"""Who buys, and what they prove it with."""
