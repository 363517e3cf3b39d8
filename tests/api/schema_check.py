"""As much of JSON Schema as openapi.json is written in, to hold examples against it."""

from __future__ import annotations

import re
from typing import Any

_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "object": dict,
    "array": list,
    "null": type(None),
}
_KNOWN = {
    "$ref",
    "anyOf",
    "oneOf",
    "const",
    "enum",
    "type",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "pattern",
    "maxLength",
    "description",
}


def faults(value: Any, schema: dict[str, Any], root: dict[str, Any]) -> list[str]:
    """What is wrong with a value, in words; KeyError for a reference that leads nowhere."""
    assert set(schema) <= _KNOWN, f"the checker does not know {set(schema) - _KNOWN}"
    if "$ref" in schema:
        return faults(value, root["components"]["schemas"][schema["$ref"].rpartition("/")[2]], root)
    found = [f"not the one it must be: {value!r}"] if "const" in schema and value != schema["const"] else []
    found += [f"none of those it may be: {value!r}"] if value not in schema.get("enum", [value]) else []
    if not _is_of(value, schema.get("type", [])):
        return [*found, f"not {schema['type']}: {value!r}"]
    fits = [not faults(value, each, root) for each in schema.get("anyOf", schema.get("oneOf", []))]
    found += [f"fits none: {value!r}"] if fits and not any(fits) else []
    found += [f"fits several: {value!r}"] if "oneOf" in schema and sum(fits) > 1 else []
    return [*found, *_inside(value, schema, root)]


def _is_of(value: Any, types: str | list[str]) -> bool:
    names = [types] if isinstance(types, str) else types
    return not names or any(
        isinstance(value, _TYPES[name]) and (name == "boolean" or not isinstance(value, bool)) for name in names
    )


def _inside(value: Any, schema: dict[str, Any], root: dict[str, Any]) -> list[str]:
    found: list[str] = []
    if isinstance(value, str):
        found += ["another pattern"] if not re.search(schema.get("pattern", ""), value) else []
        found += ["too long"] if len(value) > schema.get("maxLength", len(value)) else []
    if isinstance(value, list):
        found += [fault for item in value for fault in faults(item, schema.get("items", {}), root)]
    if isinstance(value, dict):
        known = schema.get("properties", {})
        found += [f"lacks {name}" for name in schema.get("required", []) if name not in value]
        for name, member in value.items():
            if name not in known and "additionalProperties" not in schema and known:
                found.append(f"unknown member {name}")
            found += faults(member, known.get(name, schema.get("additionalProperties", {})), root)
    return found
