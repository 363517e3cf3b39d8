"""What we sell: offers in our money, the published catalogue, prices and their edits."""
