"""The pages as people and browsers meet them."""
