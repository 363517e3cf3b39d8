"""The book: every way money can move, and the one place that moves it."""
