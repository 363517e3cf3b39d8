"""Every value of a TOML file is found on the line where its owner wrote it."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.settings.lines import Path, find_lines

TEXT = '''# a comment with [brackets] and key = "value"
title = "a # that is no comment"

[panel]
name = """
[[provider]]
name = "not a header"
""" # the text ends here
"public_url" = 'http://x' # [limits]
pace.poll = 1
pace . sync = 2

[[provider]]
name = "alpha"
words = { "done #1" = "completed", half = { way = 3 } }
[provider.error_words]
"no \\"money\\"" = "FUNDS"

  [[provider]]
  name = "bravo"
  offers = [ # two
    "alpha:1",
    { service = "2", many = [1,
      2] },
  ]
[[provider.rule]]
percent = 1
[[provider.rule]]
percent = -1.5e3
fixed = 1979-05-27 07:32:00
[last]
text = """"quoted"""""
end = \'\'\'two
lines\'\'\'
after=true'''

PLACES: list[tuple[Path, int]] = [
    (("title",), 2),
    (("panel",), 4),
    (("panel", "name"), 5),
    (("panel", "public_url"), 9),
    (("panel", "pace", "poll"), 10),
    (("panel", "pace", "sync"), 11),
    (("provider",), 13),
    (("provider", 0), 13),
    (("provider", 0, "name"), 14),
    (("provider", 0, "words", "done #1"), 15),
    (("provider", 0, "words", "half", "way"), 15),
    (("provider", 0, "error_words"), 16),
    (("provider", 0, "error_words", 'no "money"'), 17),
    (("provider", 1), 19),
    (("provider", 1, "name"), 20),
    (("provider", 1, "offers"), 21),
    (("provider", 1, "offers", 0), 22),
    (("provider", 1, "offers", 1), 23),
    (("provider", 1, "offers", 1, "many", 1), 24),
    (("provider", 1, "rule", 0, "percent"), 27),
    (("provider", 1, "rule", 1), 28),
    (("provider", 1, "rule", 1, "fixed"), 30),
    (("last", "text"), 32),
    (("last", "end"), 33),
    (("last", "after"), 35),
]


@pytest.mark.parametrize(("path", "line"), PLACES, ids=str)
def test_a_value_stands_on_the_line_where_it_was_written(path: Path, line: int) -> None:
    tomllib.loads(TEXT)
    assert find_lines(TEXT)[path] == line


def every_path(value: object, path: Path = ()) -> set[Path]:
    """The paths of all values that the standard parser found."""
    children: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        children = list(value.items())
    elif isinstance(value, list):
        children = list(enumerate(value))
    return {path}.union(*(every_path(child, (*path, name)) for name, child in children)) - {()}


def test_no_value_of_the_file_goes_without_a_line() -> None:
    assert set(find_lines(TEXT)) == every_path(tomllib.loads(TEXT))


KEYS = st.sampled_from(["a", "b-1", '"c d"', "'e.f'", '"#"', '"]"'])
TEXTS = st.sampled_from(['"]}#,"', "'[x]'", '"""\n]\n"""', "'''#\n'''", "1", "true", "-0.5", '""', "''"])
VALUES = st.recursive(
    TEXTS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: "[\n" + ",#,]\n".join(items) + "\n]"),
        st.dictionaries(KEYS, inner, max_size=3).map(
            lambda items: "{" + ", ".join(f"{key} = {value}" for key, value in items.items()) + "}"
        ),
    ),
    max_leaves=6,
)


@given(st.lists(st.dictionaries(KEYS, VALUES, max_size=3), min_size=1, max_size=4))
def test_whatever_the_parser_reads_is_found_and_keys_are_where_their_line_says(tables: list[dict[str, str]]) -> None:
    """Also where texts hold brackets, commas and marks of comments."""
    text = ""
    expected: dict[Path, int] = {}
    for number, table in enumerate(tables):
        text += "# [no]\n[[rule]]\n"
        for key, value in table.items():
            name = next(iter(tomllib.loads(f"{key} = 1")))
            expected[("rule", number, name)] = text.count("\n") + 1
            text += f"{key} = {value} # end\n"
    found = find_lines(text)
    assert set(found) == every_path(tomllib.loads(text))
    assert {path: line for path, line in found.items() if path in expected} == expected
