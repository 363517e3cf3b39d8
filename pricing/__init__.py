"""What things cost: pure sums over money, offers and rules. Imports nothing of ours, does no I/O."""
