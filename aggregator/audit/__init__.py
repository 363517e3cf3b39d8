"""The audit: every promise about money and orders (an invariant) as a query that must find nothing.

One file a family; each file names its promises with their ids, and `run` asks them all.
"""
