"""Compares what each provider's balance lost with what our orders there should have cost."""
