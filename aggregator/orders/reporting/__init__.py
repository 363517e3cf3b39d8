"""What is told of orders: alerts, statistics of providers and services, search, timelines and receipts."""
