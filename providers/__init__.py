"""Translations of other panels. Knows no wallet, no table and no price of ours."""
