"""The API told to those who write clients: examples, code that runs, fields, errors, openapi.json; no page."""
