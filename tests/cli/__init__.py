"""Every command as its owner types it and as scripts read it."""
