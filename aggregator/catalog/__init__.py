"""What providers list, what we sell out of it and at which price, and how well each provider is."""
