"""People who sign in, on both engines."""
