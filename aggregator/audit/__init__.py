"""Every promise about money and orders as a query that must find nothing: one file a family."""
