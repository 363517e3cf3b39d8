"""Carries calls: addresses that may be called, connections, encodings, limits of a reply, secrets kept out."""
