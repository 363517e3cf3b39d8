"""Suggests which services of different providers are the same thing."""
