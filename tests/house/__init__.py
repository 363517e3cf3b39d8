"""The rules of the house, each read off the source, and each shown to be able to fail."""
