"""A panel under everyday trouble for a while: what it stands still for, what grows in it, how it stops."""
