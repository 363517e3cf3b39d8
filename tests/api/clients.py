"""The same call as five kinds of clients send it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TypeAlias
from urllib.parse import urlencode

from aggregator.api.wire import Request, read_request

Send: TypeAlias = Callable[[Mapping[str, str]], Request]

FORM = {"content-type": "application/x-www-form-urlencoded"}
BOUNDARY = "------------------------d74496d66958873e"


def send_form(fields: Mapping[str, str]) -> Request:
    return read_request("POST", FORM, b"", urlencode(fields).encode())


def send_multipart(fields: Mapping[str, str]) -> Request:
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    body = "".join([*parts, f"--{BOUNDARY}--\r\n"]).encode("utf-8", "surrogatepass")
    return read_request("POST", {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}, b"", body)


def send_json(fields: Mapping[str, str]) -> Request:
    return read_request("POST", {"content-type": "application/json"}, b"", json.dumps(dict(fields)).encode())


def send_query(fields: Mapping[str, str]) -> Request:
    return read_request("POST", {}, urlencode(fields).encode(), b"")


def send_get(fields: Mapping[str, str]) -> Request:
    return read_request("GET", {}, urlencode(fields).encode(), b"")


EVERY_WAY: tuple[Send, ...] = (send_form, send_multipart, send_json, send_query, send_get)
