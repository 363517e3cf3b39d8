"""Tries a provider without buying: key, balance, catalogue, which family it is of, several orders at once, latency."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from providers.adapter import Adapter, Found, Pace, Profile
from providers.errors import Code, ProviderError, Refused, Unreachable
from providers.families import Facts, recognise
from providers.reach import Finding, Level, reach
from providers.reading.catalogue import find_rows
from providers.reading.json_text import Json
from providers.reading.reply import read_reply
from providers.registry import PRESETS, find_preset, open_adapter
from providers.vocabulary import Capability, Funds, Listing, ServiceType
from providers.wire.encoding import Route
from providers.wire.transport import Answer, Transport

MADE_UP = ("999999991", "999999992")
"""Ids that no order of ours has; another customer's order answers like one that does not exist."""
LIST, NONSENSE = "orders", "orders_of_nobody"
"""The action by which panels of ours list orders, and one that no panel has."""
ENCODINGS = ("perfectpanel", "mystic")
"""One preset for each way in which panels commonly read a request."""
SLOW_SECONDS = 5.0
_ABOUT_THE_KEY = (Code.KEY_INVALID, Code.ACCOUNT_BLOCKED)
_SHOWN = 4


class Probe(Struct, kw_only=True):
    """What came of it."""

    preset: str
    findings: list[Finding]
    funds: Funds | None = None
    listings: list[Listing] = []
    resembles: str | None = None
    """The preset of the family that answers so."""
    found: Found = Found()


class _Recorder(Transport):
    """Keeps the first answer to each action, and how long the quickest took."""

    def __init__(self, profile: Profile, pace: Pace) -> None:
        super().__init__(profile, pace)
        self.answers: dict[str, Answer] = {}
        self.quickest = float("inf")  # seconds

    async def read(self, action: str, params: dict[str, str], route: Route | None = None) -> Answer:
        started = time.monotonic()
        answer = await super().read(action, params, route)
        self.quickest = min(self.quickest, time.monotonic() - started)
        self.answers.setdefault(action, answer)
        return answer

    def value(self, action: str) -> Json:
        answer = self.answers.get(action)
        return read_reply(answer.status, answer.body).value if answer else None


async def try_provider(profile: Profile, preset: str, pace: Pace) -> Probe:
    """Ask everything that may be asked for nothing; never raises `ProviderError`."""
    trial = Probe(preset=preset, findings=await reach(profile))
    if any(finding.level is Level.FAULT for finding in trial.findings):
        return trial
    recorder = _Recorder(profile, pace)
    adapter = find_preset(preset).adapter(profile, recorder)
    try:
        if await _try_balance(trial, adapter, pace):
            await _try_catalogue(trial, adapter)
            await _try_several(trial, adapter)
            await _try_list(recorder)
        _compare_family(trial, recorder)
        _tell_latency(trial, recorder)
    finally:
        await adapter.aclose()
    return trial


async def find_encoding(profile: Profile, pace: Pace) -> str | None:
    """The first preset whose way of writing requests this panel reads; None where none is."""
    for preset in ENCODINGS:
        adapter = open_adapter(replace(profile, dialect=find_preset(preset).dialect), preset, pace)
        try:
            await adapter.balance()
        except ProviderError:
            continue
        else:
            return preset
        finally:
            await adapter.aclose()
    return None


async def _try_balance(trial: Probe, adapter: Adapter, pace: Pace) -> bool:
    """Also tells whether it makes sense to ask on."""
    try:
        trial.funds = await adapter.balance()
    except ProviderError as error:
        topic = "key" if error.code in _ABOUT_THE_KEY else "balance"
        _note(trial, Level.FAULT, topic, tell(error))
        if not isinstance(error, Unreachable):
            await _try_other_encodings(trial, adapter.profile, pace)
        return False
    _note(trial, Level.OK, "key", "is taken")
    currency = trial.funds.currency or "of a currency that it does not name"
    _note(trial, Level.OK, "balance", f"{trial.funds.balance:f} {currency}")
    return True


async def _try_other_encodings(trial: Probe, profile: Profile, pace: Pace) -> None:
    other = await find_encoding(profile, pace)
    if other is not None:
        _note(trial, Level.WARN, "preset", f'with preset = "{other}" the balance can be read')


async def _try_catalogue(trial: Probe, adapter: Adapter) -> None:
    try:
        trial.listings = await adapter.services()
    except ProviderError as error:
        _note(trial, Level.FAULT, "catalogue", tell(error))
        return
    good = [listing for listing in trial.listings if listing.flaw is None]
    level = Level.OK if good else Level.FAULT
    _note(trial, level, "catalogue", f"{len(good)} of {len(trial.listings)} services can be sold")
    if good:
        _note(trial, Level.OK, "types", _counted([listing.type.value for listing in good]))
    ranged = sum(1 for listing in good if listing.is_ranged_package)
    if ranged:
        told = f"{ranged} of its packages take a range of quantities: say what they are"
        _note(trial, Level.WARN, "packages", f'{told} with ranged_packages = "default" or "package"')
    flaws = [listing.flaw for listing in trial.listings if listing.flaw is not None]
    _tell_types(trial)
    if flaws:
        _note(trial, Level.WARN if good else Level.FAULT, "left out", _counted(flaws))


def _tell_types(trial: Probe) -> None:
    """Where its types say what is sold, the line that says once what each of them is."""
    unknown, guessed = type_words(trial.listings)
    if guessed:
        _note(trial, Level.OK, "type words", f"sold as Default, for no text is ever needed: {_counted(guessed)}")
    if unknown:
        line = ", ".join(f'"{word}" = "..."' for word, _ in Counter(unknown).most_common(_SHOWN))
        told = f"of no type that is known: {_counted(unknown)}: type_words = {{ {line} }}"
        _note(trial, Level.WARN, "type words", told)


def type_words(listings: Sequence[Listing]) -> tuple[list[str], list[str]]:
    """Their words for types that nobody knows, and those whose type is guessed, one for each service."""
    unknown = [one.type_word for one in listings if one.type is ServiceType.UNSUPPORTED and one.type_word]
    guessed = [one.type_word for one in listings if one.type is not ServiceType.UNSUPPORTED and one.type_word]
    return unknown, guessed


async def _try_several(trial: Probe, adapter: Adapter) -> None:
    """Two orders that do not exist, in one question where that is tried at all."""
    tries = Capability.MULTI_STATUS in adapter.capabilities
    answers: Sequence[object] = ()
    try:
        answers = list((await adapter.statuses(MADE_UP)).values())
    except ProviderError as error:
        answers = [error]
    trial.found = adapter.found
    _note(trial, *_told_of_several(trial.found, tries=tries))
    unknown = {answer.unknown for answer in answers if isinstance(answer, ProviderError) and answer.unknown}
    for text in sorted(unknown)[:_SHOWN]:
        advice = f'error_words = {{ "{text}" = "ORDER_NOT_FOUND" }}'
        _note(trial, Level.WARN, "words", f"nobody knows what it says of an order that does not exist: {advice}")


async def _try_list(recorder: _Recorder) -> None:
    """Only panels of ours are known by a list of our orders; who answers so to anything has none."""
    for action in (LIST, NONSENSE):
        try:
            await recorder.read(action, {})
        except ProviderError:
            return
        if not isinstance(recorder.value(action), list):
            return


def _told_of_several(found: Found, *, tries: bool) -> tuple[Level, str, str]:
    if not tries:
        return Level.OK, "statuses", "one order a question, as its preset says"
    if found.multi_status:
        size = f", at most {found.batch_size}" if found.batch_size else ""
        return Level.OK, "statuses", f"several orders in one question{size}"
    return Level.WARN, "statuses", "two made-up orders at once were not understood; tried again with real ones"


def _compare_family(trial: Probe, recorder: _Recorder) -> None:
    rows = find_rows(recorder.value("services")) or []
    facts = Facts(
        url=recorder.profile.url,
        rows=[row for _, row in rows],
        balance=recorder.value("balance"),
        unknown=recorder.value("status"),
        orders=recorder.value(LIST),
        nonsense=recorder.value(NONSENSE),
    )
    trial.resembles = recognise(facts)
    if trial.resembles is None:
        return
    if PRESETS[trial.resembles].dialect == PRESETS[trial.preset].dialect:
        _note(trial, Level.OK, "preset", f"{trial.preset} fits what it answers")
    elif trial.funds is not None:
        _note(trial, Level.WARN, "preset", f'what it answers looks like preset = "{trial.resembles}"')


def _tell_latency(trial: Probe, recorder: _Recorder) -> None:
    if not recorder.answers:
        return
    level = Level.OK if recorder.quickest < SLOW_SECONDS else Level.WARN
    _note(trial, level, "latency", f"{recorder.quickest * 1000:.0f} ms for the quickest answer")


def tell(error: ProviderError) -> str:
    """An error for somebody who is setting a provider up."""
    if isinstance(error, Refused):
        return f"{error.text} ({error.code})"
    return error.text or error.code.value


def _note(trial: Probe, level: Level, topic: str, text: str) -> None:
    trial.findings.append(Finding(level, topic, text))


def _counted(words: Sequence[str]) -> str:
    return ", ".join(f"{count} {word}" for word, count in Counter(words).most_common())
