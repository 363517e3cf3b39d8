"""What other panels send to us, and what they read."""
