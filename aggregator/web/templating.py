"""The templates: escaped by themselves, loud about names that do not exist, with what every page may print."""

from __future__ import annotations

from pathlib import Path

import jinja2

from aggregator.catalog.shelf import NO_LIMIT
from aggregator.settings import Settings
from aggregator.web.assets import assets
from aggregator.web.printing import Printer, count, day, duration, moment, price, share, with_code, with_key

FOLDER = Path(__file__).parent / "templates"


def make_templates(settings: Settings) -> jinja2.Environment:
    """The environment of one panel."""
    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    printer = Printer(settings.panel.currency)
    templates.globals.update(
        panel=settings.panel,
        asset=lambda name: assets()[name].path,
        money=printer.money,
        moment=moment,
        day=day,
        count=count,
        duration=duration,
        price=price,
        share=share,
        with_code=with_code,
        with_key=with_key,
        no_limit=NO_LIMIT,
    )
    templates.globals["ui"] = templates.get_template("ui.html").module
    return templates
