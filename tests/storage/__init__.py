"""Transactions, migrations, and what the database itself promises."""
