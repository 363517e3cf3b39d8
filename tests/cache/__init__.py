"""What may be lost at any moment, and the limits that must not be: in memory and over a real Redis."""
