"""Writes suggestions as [[service]] blocks of services.toml, ready to be read over and pasted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from aggregator.catalog.matching.matching import Suggestion


def write_blocks(suggestions: Iterable[tuple[int, Suggestion]], imported: Mapping[tuple[str, str], int]) -> str:
    """Each suggestion under the id given with it; `imported` are the ids under which its offers are sold so far."""
    return "\n".join(_write_block(number, suggestion, imported) for number, suggestion in suggestions)


def _write_block(number: int, suggestion: Suggestion, imported: Mapping[tuple[str, str], int]) -> str:
    lead = suggestion.offers[0]
    # Below its heading, so that whoever takes the block out takes its comments along.
    lines = ["[[service]]", f"# {suggestion.score} of 100: {'; '.join(suggestion.reasons)}"]
    for offer in suggestion.offers:
        known = imported.get((offer.provider, offer.service))
        sold = f", sold so far as {known}" if known else ""
        sold += f", which stays an alias of {number}" if known and known != number else ""
        lines.append(f"# {offer.provider}:{offer.service} at {offer.rate}{sold}: {_one_line(offer.name)}")
    offers = ", ".join(_quote(f"{offer.provider}:{offer.service}") for offer in suggestion.offers)
    lines += [
        f"id = {number}",
        f"name = {_quote(lead.name)}",
        f"category = {_quote(lead.category)}",
        f"offers = [{offers}]",
    ]
    return "\n".join(lines) + "\n"


def _quote(text: str) -> str:
    """A JSON text without control characters is a TOML text."""
    return msgspec.json.encode(_one_line(text)).decode()


def _one_line(text: str) -> str:
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())
