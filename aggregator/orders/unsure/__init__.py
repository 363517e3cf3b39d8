"""Finds out what became of adds that nobody answered, by evidence, and the owner's ways out."""
