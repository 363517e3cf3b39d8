"""Every test here may ask for a database as a panel finds it."""

from __future__ import annotations

from tests.builders import kept_postgres, panel_database, panel_url

__all__ = ["kept_postgres", "panel_database", "panel_url"]
