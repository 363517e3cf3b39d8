"""What a reseller may ask of an order later: cancel and refill."""
