"""Turns a submission into the parameters a panel expects, by the type of the service."""

from __future__ import annotations

import re

from providers.dialect import Dialect
from providers.errors import Code, Refused
from providers.vocabulary import ServiceType, Submission

Params = dict[str, str]

_BILLED_BY_LINE = (ServiceType.CUSTOM_COMMENTS, ServiceType.MENTIONS_CUSTOM_LIST, ServiceType.COMMENT_REPLIES)
_LISTS = ("comments", "usernames", "hashtags", "keywords", "groups")
_LINE_BREAK = re.compile(r"\r\n|\r|\n")


def add_params(submission: Submission, dialect: Dialect) -> Params:
    """All parameters of an `add` but key and action (PROTOCOL.md, "Order types").

    Raises `Refused` with PARAMS, nothing sent, when a drip-feed's units do not divide into its runs.
    """
    params = {name: text for name, value in submission.fields.items() if (text := _field(name, value, dialect))}
    params["service"] = submission.service
    if submission.type is ServiceType.SUBSCRIPTIONS:
        params.setdefault("username", submission.link)
    else:
        params["link"] = _link(submission.link, dialect)
    params.pop("quantity", None)
    if submission.type.is_package and submission.package_units is not None:
        params["quantity"] = str(submission.package_units)
    elif _sends_quantity(submission.type, dialect):
        params["quantity"] = str(_per_run(submission))
    if dialect.reference_param and submission.reference:
        params[dialect.reference_param] = submission.reference
    return params


def _field(name: str, value: str | list[str], dialect: Dialect) -> str:
    if isinstance(value, str) and name not in _LISTS:
        return value
    parts = [value] if isinstance(value, str) else value
    lines = [line.strip() for part in parts for line in _LINE_BREAK.split(part)]
    return dialect.line_separator.join(line for line in lines if line)


def _link(link: str, dialect: Dialect) -> str:
    return link.replace("+", "%2B") if dialect.escape_plus_in_links else link


def _sends_quantity(kind: ServiceType, dialect: Dialect) -> bool:
    if kind in _BILLED_BY_LINE:
        return dialect.send_quantity_for_line_types
    return not kind.is_package and kind is not ServiceType.SUBSCRIPTIONS


def _per_run(submission: Submission) -> int:
    """Panels take a drip-feed's quantity for one run; we count all units that are billed."""
    runs = submission.fields.get("runs", "")
    count = int(runs) if isinstance(runs, str) and runs.isascii() and runs.isdigit() else 0
    if count <= 1:
        return submission.quantity
    if submission.quantity % count:
        raise Refused(f"{submission.quantity} units do not divide into {count} runs", code=Code.PARAMS)
    return submission.quantity // count
