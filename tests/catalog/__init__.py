"""What providers list becomes what we sell, or a reason why not."""
