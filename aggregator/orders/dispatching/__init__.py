"""Sends orders out: the queue, the route, the attempt written before the call, and fail-over."""
