"""Whole panels over real processes, real HTTP and real databases, as resellers and their owner meet them."""
