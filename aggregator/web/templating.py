"""The templates: escaped by themselves, loud about names that do not exist, with what every page may print."""

from __future__ import annotations

from pathlib import Path
from types import CodeType
from typing import Any

import jinja2
from jinja2.bccache import Bucket
from litestar.plugins.flash import get_flashes
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.template import TemplateConfig

from aggregator.catalog.shelf.shelf import NO_LIMIT
from aggregator.settings import Settings
from aggregator.web.assets import assets
from aggregator.web.navigation import MENU, PUBLIC, here
from aggregator.web.printing import Printer, count, day, duration, moment, price, share, with_code, with_key
from aggregator.web.sessions import HttpRequest, once_field, token_field

FOLDER = Path(__file__).parent / "templates"


class _Compiled(jinja2.BytecodeCache):
    """What templates were compiled to, for all panels of this process."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._known.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code is not None:
            self._known[bucket.key, bucket.checksum] = bucket.code


_compiled = _Compiled()


def compile_all() -> None:
    """Every template, beside the event loop: to compile one takes longer than to answer a hundred calls."""
    templates = _make_empty()
    for name in templates.list_templates():
        templates.get_template(name)


def _make_empty() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
        bytecode_cache=_compiled,
    )


def make_templates(settings: Settings) -> TemplateConfig[JinjaTemplateEngine]:
    """Litestar's engine over the environment of one panel."""
    templates = _make_empty()
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
        public=PUBLIC,
        menu=MENU,
        here=here,
        token_field=token_field,
        once_field=once_field,
        faults={},
    )
    templates.globals["ui"] = templates.get_template("ui.html").module
    engine = JinjaTemplateEngine.from_environment(templates)
    engine.register_template_callable("get_flashes", get_flashes)
    return TemplateConfig(instance=engine)


def render(request: HttpRequest, template: str, **context: Any) -> str:
    """The template as text, with what a `Template` response has."""
    engine: Any = request.app.template_engine
    return str(engine.get_template(template).render(request=request, **context))
