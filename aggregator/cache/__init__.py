"""What may be lost at any moment: readings of providers, replies ready to send, and the limits shared by processes."""
