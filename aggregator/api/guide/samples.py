"""A request as a program that runs when it is pasted: curl, PHP, Python or JavaScript, as JSON or as a form."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Mapping
from enum import StrEnum

from aggregator.api.guide.examples import Fields, Value
from aggregator.api.views import Spelling


class Language(StrEnum):
    CURL = "curl"
    PHP = "PHP"
    PYTHON = "Python"
    JAVASCRIPT = "JavaScript"


_PLAIN = re.compile(r"[A-Za-z0-9_.,-]*")


def write(language: Language, url: str, fields: Fields, spelling: Spelling) -> str:
    """The program that sends these fields to this address and prints the reply; the JSON spelling sends JSON."""
    return _WRITERS[language](url, fields, spelling is Spelling.JSON)


def _curl(url: str, fields: Fields, as_json: bool) -> str:
    if as_json:
        body = json.dumps(dict(fields), ensure_ascii=False)
        options = ["-H 'Content-Type: application/json'", f"-d {shlex.quote(body)}"]
    else:
        options = [_curl_field(f"{name}={value}", str(value)) for name, value in fields.items()]
    return " \\\n  ".join([f"curl {shlex.quote(url)}", *options])


def _curl_field(pair: str, value: str) -> str:
    return f"-d {pair}" if _PLAIN.fullmatch(value) else f"--data-urlencode {shlex.quote(pair)}"


def _php(url: str, fields: Fields, as_json: bool) -> str:
    kind, encode = (
        ("application/json", "json_encode") if as_json else ("application/x-www-form-urlencoded", "http_build_query")
    )
    rows = "".join(f"        {_php_text(name)} => {_php_value(value)},\n" for name, value in fields.items())
    return f"""<?php
$reply = file_get_contents({_php_text(url)}, false, stream_context_create(['http' => [
    'method' => 'POST',
    'header' => 'Content-Type: {kind}',
    'content' => {encode}([
{rows}    ]),
    'timeout' => 30,
    'ignore_errors' => true, // a refusal is a reply, too
]]));
echo json_encode(json_decode($reply, true), JSON_PRETTY_PRINT), "\\n";
"""


def _php_value(value: Value) -> str:
    return str(value) if isinstance(value, int) else _php_text(value)


def _php_text(text: str) -> str:
    if "\n" not in text:
        return "'{}'".format(text.replace("\\", "\\\\").replace("'", "\\'"))
    escaped = re.sub(r'[\\"$]', r"\\\g<0>", text).replace("\n", "\\n")
    return f'"{escaped}"'


def _python(url: str, fields: Fields, as_json: bool) -> str:
    sent = "json" if as_json else "data"
    rows = "".join(f"        {_quoted(name)}: {_literal(value)},\n" for name, value in fields.items())
    return f"""import requests

reply = requests.post(
    {_quoted(url)},
    {sent}={{
{rows}    }},
    timeout=30,
)
print(reply.json())
"""


def _javascript(url: str, fields: Fields, as_json: bool) -> str:
    rows = "".join(f"    {name}: {_literal(value)},\n" for name, value in fields.items())
    head = '  headers: { "Content-Type": "application/json" },\n  body: JSON.stringify({' if as_json else ""
    head = head or "  body: new URLSearchParams({"
    return f"""const reply = await fetch({_quoted(url)}, {{
  method: "POST",
{head}
{rows}  }}),
}});
console.log(await reply.json());
"""


def _literal(value: Value) -> str:
    """As Python and JavaScript both write it."""
    return str(value) if isinstance(value, int) else _quoted(value)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


_WRITERS: Mapping[Language, Callable[[str, Fields, bool], str]] = {
    Language.CURL: _curl,
    Language.PHP: _php,
    Language.PYTHON: _python,
    Language.JAVASCRIPT: _javascript,
}
