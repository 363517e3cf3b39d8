"""Templates are compiled once in a process, and not by whoever visits a page first."""

from __future__ import annotations

from pathlib import Path

from aggregator.settings import load
from aggregator.web.templating import compile_all, make_templates


def test_what_was_compiled_once_is_not_compiled_for_another_panel(tmp_path: Path) -> None:
    settings = load(tmp_path, {})
    compile_all()
    templates = make_templates(settings).engine_instance.engine
    compiled = list[str]()

    class Watched(templates.code_generator_class):  # type: ignore[name-defined,misc]  # of this environment
        def __init__(self, environment: object, name: str, *more: object, **named: object) -> None:
            compiled.append(name)
            super().__init__(environment, name, *more, **named)

    templates.code_generator_class = Watched
    for name in templates.list_templates():
        templates.get_template(name)
    assert len(templates.list_templates()) > 30
    assert compiled == []
