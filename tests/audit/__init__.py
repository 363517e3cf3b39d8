"""Every promise about money and orders, kept and broken."""
