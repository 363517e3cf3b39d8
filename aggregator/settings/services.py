"""services.toml: what we sell under our own ids and names, and who may deliver it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct

from aggregator.settings.fields import LINE, Shape, Table, nearest, quoted
from aggregator.settings.toml import TomlFile
from providers.vocabulary import ServiceType

FIRST_IMPORTED_ID = 100_001
LINKS = ("any", "address")
HIGHEST_ID = 2**31 - 1
"""Panels keep ids in a signed integer of 32 bits."""
_OFFER = re.compile(r"([a-z0-9_-]{1,40}):([^\x00-\x20\x7f](?:[^\x00-\x1f\x7f]*[^\x00-\x20\x7f])?)")
_TEXT = Shape(r"[^\x00-\x08\x0b-\x1f\x7f]*", "text", "...")
_TYPES = [kind.value for kind in ServiceType if kind is not ServiceType.UNSUPPORTED]


class OfferRef(Struct, frozen=True):
    """A provider's service by the provider's name here and its own id, in its own spelling."""

    provider: str
    service: str


class ServiceEntry(Struct, frozen=True, kw_only=True):
    """One [[service]]; what it leaves out comes from the listings behind its offers."""

    id: int
    """1 to 100,000, or from 100,001 the imported id of one of its offers."""
    name: str = ""
    """Empty = as the provider names it; so with the category."""
    category: str = ""
    offers: tuple[OfferRef, ...] = ()
    type: ServiceType | None = None
    package_units: int | None = None
    """Units in one package, of a service whose type is said to be one."""
    minimum: int | None = None
    maximum: int | None = None
    """Units an order, narrowing what the offers allow."""
    description: str | None = None
    enabled: bool = True
    pin: OfferRef | None = None
    """The only one of its offers that counts; None = all do."""
    links: str = "any"
    """"address": only what can be the address of a page is taken as a link."""
    aliases: tuple[int, ...] = ()
    """Ids of a former panel, or retired ones of ours, under which it can be ordered as well."""
    line: int = 0
    """Where it stands in its file; `offers_line` where its offers do."""
    offers_line: int = 0


class CategoryEntry(Struct, frozen=True, kw_only=True):
    """One [[category]]: what holds for all services of the categories that it fits."""

    name: str
    """A glob over categories as we sell them."""
    links: str = "any"


class ServicesFile(Struct, frozen=True, kw_only=True):
    """All of services.toml."""

    import_rest: bool = True
    """Whether listings that no [[service]] names are sold as they come."""
    services: tuple[ServiceEntry, ...] = ()
    categories: tuple[CategoryEntry, ...] = ()

    @property
    def taken(self) -> frozenset[int]:
        """Ids that no import may be given: those of services and their aliases."""
        return frozenset(number for one in self.services for number in (one.id, *one.aliases))


def read_services(text: str, file: str) -> ServicesFile:
    """Read services.toml. Raises `ConfigurationError` with all its faults."""
    reading = TomlFile(text, file)
    services = services_of(reading)
    reading.conclude()
    return services


def services_of(reading: TomlFile) -> ServicesFile:
    """The services of a file under reading, which keeps the faults."""
    import_rest = reading.root.flag("import_rest", default=True)
    tables = reading.root.tables("service")
    services = tuple(_read_service(table) for table in tables)
    _refuse_shared_ids(tables, services)
    _refuse_shared_aliases(tables, services)
    categories = tuple(_read_category(table) for table in reading.root.tables("category"))
    return ServicesFile(import_rest=import_rest, services=services, categories=categories)


def _read_category(table: Table) -> CategoryEntry:
    return CategoryEntry(name=table.need("name", LINE), links=table.choice("links", "any", LINKS))


def _read_service(table: Table) -> ServiceEntry:
    minimum, maximum = table.whole("min", None), table.whole("max", None)
    if minimum is not None and maximum is not None and minimum > maximum:
        table.fault("max", f"max is below min: write max = {minimum} or more")
    offers = _read_offers(table)
    kind, units = read_type(table, "type"), table.whole("package_units", None)
    if units is not None and (kind is None or not kind.is_package):
        table.fault("package_units", 'package_units is for packages: write type = "Package" as well')
    return ServiceEntry(
        id=_read_id(table),
        name=table.text("name", "", LINE),
        category=table.text("category", "", LINE),
        offers=offers,
        type=kind,
        package_units=units,
        minimum=minimum,
        maximum=maximum,
        description=table.text("description", None, _TEXT),
        enabled=table.flag("enabled", default=True),
        pin=_read_pin(table, offers),
        links=table.choice("links", "any", LINKS),
        aliases=_read_aliases(table),
        line=table.line(),
        offers_line=table.line("offers"),
    )


def _read_id(table: Table) -> int:
    number = table.whole("id", None)
    if not table.has("id"):
        table.fault(None, f"id is missing: write id = N, 1 to {FIRST_IMPORTED_ID - 1}")
    return number or 0


def _read_offers(table: Table) -> tuple[OfferRef, ...]:
    written = table.take("offers")
    if not isinstance(written, list) or not written:
        table.fault("offers", 'offers must be a list of "provider:service": write offers = ["alpha:101"]')
        return ()
    offers: dict[OfferRef, None] = {}
    for number, item in enumerate(written):
        offer = _read_offer(item)
        if offer is None or offer in offers:
            wrong = "must be" if offer is None else "is named twice; each must be another"
            table.reading.fault(
                (*table.path, "offers", number), f'offer {number + 1} {wrong} "provider:service": write "alpha:101"'
            )
        else:
            offers[offer] = None
    return tuple(offers)


def _read_pin(table: Table, offers: tuple[OfferRef, ...]) -> OfferRef | None:
    written = table.take("pin")
    pin = _read_offer(written)
    if written is not None and pin not in offers:
        example = f"{offers[0].provider}:{offers[0].service}" if offers else "alpha:101"
        table.fault("pin", f"pin must be one of its offers: write pin = {quoted(example)}")
        return None
    return pin


def _read_aliases(table: Table) -> tuple[int, ...]:
    written = table.take("aliases")
    if written is None:
        return ()
    if not isinstance(written, list) or not all(_is_id(item) for item in written):
        table.fault("aliases", f"aliases must be a list of ids, 1 to {HIGHEST_ID}: write aliases = [1234]")
        return ()
    return tuple(dict.fromkeys(written))


def _is_id(written: object) -> bool:
    return isinstance(written, int) and not isinstance(written, bool) and 1 <= written <= HIGHEST_ID


def _read_offer(written: object) -> OfferRef | None:
    found = _OFFER.fullmatch(written) if isinstance(written, str) else None
    return OfferRef(found[1], found[2]) if found else None


def read_type(table: Table, key: str) -> ServiceType | None:
    """An order type of the protocol, in any case and with _ or - for blanks."""
    written = table.take(key)
    if written is None:
        return None
    folded = re.sub(r"[\s_-]+", " ", written).strip().casefold() if isinstance(written, str) else ""
    found = next((kind for kind in _TYPES if kind.casefold() == folded), None)
    if found is None:
        said = ", ".join(quoted(kind) for kind in _TYPES)
        table.fault(key, f"{key} must be one of {said}: write {key} = {quoted(nearest(folded, _TYPES))}")
    return ServiceType(found) if found else None


def _refuse_shared_ids(tables: Sequence[Table], services: Sequence[ServiceEntry]) -> None:
    """Resellers order by id, so one id is one service."""
    lines: dict[int, int] = {}
    for table, service in zip(tables, services, strict=True):
        if service.id in lines and service.id:
            first = lines[service.id]
            table.fault("id", f"id {service.id} is already the service of line {first}: write an id that is free")
        lines.setdefault(service.id, service.line)


def _refuse_shared_aliases(tables: Sequence[Table], services: Sequence[ServiceEntry]) -> None:
    """An alias stands for one service, and for none that is sold under that id itself."""
    owners = {service.id: service for service in services}
    for table, service in zip(tables, services, strict=True):
        for alias in service.aliases:
            other = owners.setdefault(alias, service)
            if other is not service or alias == service.id:
                table.fault("aliases", f"alias {alias} is the service of line {other.line} already: take it out here")
