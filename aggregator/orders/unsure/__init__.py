"""Outcome reconciliation: what became of adds whose answer was lost, by evidence; and the owner's ways out."""
