"""Providers as they are: their adapters, what was learned of each, circuit breakers, probes and balances."""
