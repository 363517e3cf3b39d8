"""Every table on one page, one way to begin a write, and the migrations that bring a database up to date."""
