"""The lives of orders, on both databases, with providers over HTTP."""
