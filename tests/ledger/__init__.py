"""How money moves, and that nothing else moves it."""
