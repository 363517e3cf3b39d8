"""The ledger (the book, a double-entry journal): every way money can move, and the one place that moves it."""
