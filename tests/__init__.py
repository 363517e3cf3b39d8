"""Tests that read as sentences about resellers, orders and money, run on real databases, caches and panels."""
