"""The shelf: all that we sell under ids that never change, with the offers behind each and its price per buyer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy

from msgspec import Struct

from aggregator.catalog.shelf.aliases import NONE, Imported, OnceSold, find_aliases
from aggregator.catalog.shelf.offers import NotForSale, Offers
from aggregator.catalog.shelf.packages import Said
from aggregator.settings import FIRST_IMPORTED_ID, CategoryEntry, OfferRef, ServiceEntry
from pricing.markup import Buyer, MarkupBook, Price, fits
from pricing.offer import Offer
from pricing.quote import Combined, combine, find_lead

NO_LIMIT = 2**31 - 1
"""What panels publish where a service has no stated maximum."""
NOBODY = Buyer()


class Terms(Struct, frozen=True, kw_only=True):
    """What one buyer meets on the shelf."""

    price: Price
    minimum: int
    maximum: int
    step: int
    """Only multiples of so many units can be ordered."""
    refill: bool
    cancel: bool
    dripfeed: bool
    combined: Combined

    @property
    def sold(self) -> bool:
        """Whether there is any quantity that this buyer may order: a lower price leaves out dearer offers."""
        return self.minimum <= self.maximum


class ShelfService:
    """A service of ours, with every priced offer behind it."""

    def __init__(
        self,
        entry: ServiceEntry,
        offers: Sequence[Offer],
        left_out: Mapping[OfferRef, str],
        book: MarkupBook,
        source: Offers,
        categories: Sequence[CategoryEntry] = (),
    ) -> None:
        self.id = entry.id
        self.named = entry.offers
        """The listings that may deliver it, whether they can be sold now or not."""
        self.offers = tuple(offers)
        """All that have a price, those of disabled providers among them."""
        self.left_out = dict(left_out)
        """What services.toml names and does not count whatever it costs, with why; what is held is among it."""
        self._active = tuple(offer for offer in offers if OfferRef(offer.provider, offer.service) not in left_out)
        self._entry = entry
        self._book = book
        self._source = source
        self._terms: dict[Buyer, Terms] = {}
        lead = self._lead = _lead_of(self._active)
        self.name = entry.name or lead.name
        self.category = entry.category or lead.category
        self.type = lead.type
        self.per_package = lead.is_package
        self.description = entry.description or ""
        self.wants_address = self._wants_address(categories)
        """Whether its link must be the address of a page: by the owner's word, or since all who deliver it want one."""

    def _wants_address(self, categories: Sequence[CategoryEntry]) -> bool:
        said = [self._entry.links, *(one.links for one in categories if fits(one.name, self.category))]
        return "address" in said or all(self._source.wants_address(offer.provider) for offer in self._active)

    def terms(self, buyer: Buyer) -> Terms:
        """Rate, limits and flags for a buyer; kept until the shelf is made again."""
        key = self._book.kind_of(buyer)
        known = self._terms.get(key)
        if known is None:
            known = self._terms[key] = self._make_terms(self._combine(key))
        return known

    def price(self, buyer: Buyer) -> Price:
        """What the offer that leads makes of it: a shelf is priced without asking what else may deliver."""
        key = self._book.kind_of(buyer)
        known = self._terms.get(key)
        return known.price if known is not None else self._price_of(self._lead, key)

    def _price_of(self, offer: Offer, buyer: Buyer) -> Price:
        """What the rules would make of one offer."""
        return self._book.price(offer, service=self.id, name=self.name, category=self.category, buyer=buyer)

    def hold_of(self, offer: Offer) -> str | None:
        """Why no order may go to the offer until the owner has looked; None = it may."""
        return self._source.held(offer.provider, offer.service)

    def last_of(self, offer: Offer) -> str | None:
        """Why orders go there only where no other offer can take them; None = they go by price."""
        return self._source.last(offer.provider)

    def rest_of(self, offer: Offer) -> int:
        """Until when (milliseconds since 1970) the offer takes no orders, since it cancelled too many."""
        return self._source.rest_until(offer.provider, offer.service)

    def at(self, book: MarkupBook) -> ShelfService:
        """The same service at the prices of another book."""
        other = copy(self)
        other._book, other._terms = book, {}  # noqa: SLF001  # our own
        return other

    @property
    def fault(self) -> str | None:
        """Why no quantity of it can be ordered at its price; None = some can."""
        narrowed = self._entry.minimum or self._entry.maximum or any(offer.step > 1 for offer in self.offers)
        return _fault_of(self.terms(NOBODY)) if narrowed else None

    def _combine(self, buyer: Buyer) -> Combined:
        combined = combine(self._active, lambda offer: self._price_of(offer, buyer), self._book.min_margin_percent)
        assert combined is not None, "there is an offer that leads"
        return combined

    def _make_terms(self, combined: Combined) -> Terms:
        entry, step = self._entry, combined.step
        maximum = combined.maximum if combined.maximum is not None else NO_LIMIT
        least, most = max(combined.minimum, entry.minimum or 1), min(maximum, entry.maximum or maximum)
        return Terms(
            price=combined.price,
            minimum=-(-least // step) * step,
            maximum=most if most == NO_LIMIT else most // step * step,
            step=step,
            refill=combined.refill,
            cancel=combined.cancel,
            dripfeed=combined.dripfeed,
            combined=combined,
        )


class Shelf:
    """Everything for sale now. Made anew when listings, prices or providers change; never changed in place."""

    def __init__(
        self,
        services: Mapping[int, ShelfService],
        unsold: Mapping[int, str],
        book: MarkupBook,
        aliases: Mapping[int, int] = NONE,
        stopped: Mapping[int, frozenset[str]] | None = None,
        unfit: Sequence[ShelfService] = (),
    ) -> None:
        self._services = dict(services)
        self.stopped = dict(stopped or {})
        """Those of the unsold that a hold keeps off the list until the owner decides, each with whose hold it is."""
        self.unsold = dict(unsold)
        """Ids of ours that cannot be sold now, each with why."""
        self.unfit = tuple(unfit)
        """Those of the unsold that have a price, at which no quantity can be ordered."""
        self.book = book
        self.aliases = dict(aliases)
        """Ids under which other services can be ordered as well -> the ids of those, for sale or not."""
        self._same: dict[int, list[int]] = {}
        for alias, target in sorted(self.aliases.items()):
            self._same.setdefault(target, []).append(alias)

    def get(self, service: int) -> ShelfService | None:
        """What is sold under an id of ours, an alias included."""
        return self._services.get(self.aliases.get(service, service))

    def aliases_of(self, service: int) -> Sequence[int]:
        """The other ids of a service, lowest first."""
        return self._same.get(service, ())

    def same_as(self, service: int) -> tuple[int, ...]:
        """Every id that means the same service as this one, itself among them."""
        target = self.aliases.get(service, service)
        return (target, *self.aliases_of(target))

    def at(self, book: MarkupBook) -> Iterator[ShelfService]:
        """What would be sold at the prices of another book, lowest id first."""
        remade = (one.at(book) for one in sorted((*self, *self.unfit), key=lambda one: one.id))
        return (one for one in remade if one.fault is None)

    def __iter__(self) -> Iterator[ShelfService]:
        return iter(self._services.values())

    def __len__(self) -> int:
        return len(self._services)


def build(
    entries: Iterable[ServiceEntry],
    offers: Offers,
    imported: Imported,
    book: MarkupBook,
    *,
    import_rest: bool,
    sold: OnceSold | None = None,
    categories: Sequence[CategoryEntry] = (),
) -> Shelf:
    """Put the named services and, if wanted, all other listings on the shelf; `sold`: what was for sale once."""
    wanted = list(entries)
    aliases = find_aliases(wanted, imported, sold or OnceSold())
    if import_rest:
        wanted += _rest(wanted, offers, imported)
    services: dict[int, ShelfService] = {}
    unsold: dict[int, str] = {}
    stopped: dict[int, frozenset[str]] = {}
    unfit: list[ShelfService] = []
    for entry in sorted(wanted, key=lambda entry: entry.id):
        try:
            _check_id(entry, imported)
            made = _put(entry, offers, book, categories)
        except NotForSale as reason:
            unsold[entry.id] = str(reason)
            if reason.held_by:
                stopped[entry.id] = reason.held_by
        else:
            if (fault := made.fault) is None:
                services[entry.id] = made
            else:
                unsold[entry.id] = fault
                unfit.append(made)
    unlike = _unlike(aliases, services, offers, imported)
    unsold |= {alias: reason for alias, reason in unlike.items() if alias not in services}
    alike = {one: target for one, target in aliases.items() if one not in unlike}
    return Shelf(services, unsold, book, alike, stopped, unfit)


def _unlike(
    aliases: Mapping[int, int], services: Mapping[int, ShelfService], offers: Offers, imported: Imported
) -> dict[int, str]:
    """Imported ids whose order type is not that of the service that names their listing: they stand for nothing."""
    unlike: dict[int, str] = {}
    for (provider, theirs), number in imported.items():
        target = services.get(aliases.get(number, 0))
        kind = offers.type_of(provider, theirs) if target is not None else None
        if target is not None and kind not in (None, target.type):
            unlike[number] = f"of type {kind}, service {target.id} is {target.type}: take it out of the offers there"
    return unlike


def _put(
    entry: ServiceEntry, offers: Offers, book: MarkupBook, categories: Sequence[CategoryEntry] = ()
) -> ShelfService:
    if not entry.enabled:
        raise NotForSale("switched off in services.toml")
    said = Said(entry.type, entry.package_units)
    wanted = {ref: offers.get(ref.provider, ref.service, said) for ref in entry.offers}
    reasons = {ref: reason for ref, offer in wanted.items() if (reason := _leave_out(entry, ref, offer, offers))}
    if len(reasons) == len(wanted):
        held_by = frozenset(ref.provider for ref in reasons if _is_held(entry, ref, offers))
        raise NotForSale("; ".join(reasons.values()) or "no provider is named for it", held_by=held_by)
    priced = [offer for ref, offer in wanted.items() if isinstance(offer, Offer) and _may_deliver(entry, ref, offer)]
    return ShelfService(entry, priced, reasons, book, offers, categories)


def _lead_of(offers: Sequence[Offer]) -> Offer:
    lead = find_lead(offers)
    if lead is None:
        raise NotForSale("no offer has a price")
    return lead


def _fault_of(terms: Terms) -> str | None:
    if terms.sold:
        return None
    limits = "its min or max in services.toml" + (f" beside its step of {terms.step}" if terms.step > 1 else "")
    return f"{limits} leaves no quantity: {terms.minimum} is above {terms.maximum}"


def _may_deliver(entry: ServiceEntry, ref: OfferRef, offer: Offer) -> bool:
    return entry.type in (None, offer.type) and entry.pin in (None, ref)


def _leave_out(entry: ServiceEntry, ref: OfferRef, offer: Offer | NotForSale, offers: Offers) -> str | None:
    """Why an offer that services.toml names does not count, whatever it costs."""
    if entry.pin is not None and entry.pin != ref:
        return f"{entry.pin.provider}:{entry.pin.service} is pinned"
    if isinstance(offer, NotForSale):
        return str(offer)
    if entry.type not in (None, offer.type):
        return f"of type {offer.type}, the service is {entry.type}"
    if not offers.is_enabled(offer.provider):
        return f"{offer.provider} is not enabled"
    hold = offers.held(ref.provider, ref.service)
    return None if hold is None else f"{ref.provider}:{ref.service} takes no orders: {hold}"


def _is_held(entry: ServiceEntry, ref: OfferRef, offers: Offers) -> bool:
    """Whether the owner's word on it would let the offer count."""
    counts = entry.pin in (None, ref) and offers.is_enabled(ref.provider)
    return counts and offers.waits(ref.provider, ref.service)


def _check_id(entry: ServiceEntry, imported: Imported) -> None:
    """An id that was ever sold keeps its meaning, so a named service takes over only what it offers itself."""
    if entry.id < FIRST_IMPORTED_ID:
        return
    if entry.id not in {imported.get((ref.provider, ref.service)) for ref in entry.offers}:
        raise NotForSale(f"{entry.id} is not the imported id of any of its offers: use one below {FIRST_IMPORTED_ID}")


def _rest(named: Iterable[ServiceEntry], offers: Offers, imported: Imported) -> Iterator[ServiceEntry]:
    """What no [[service]] names and is of a category that is imported, under its imported id, from its one provider."""
    taken = {ref for entry in named for ref in entry.offers}
    for ref, listing in offers.listed():
        number = imported.get((ref.provider, ref.service))
        if number is not None and ref not in taken and offers.is_imported(listing):
            yield ServiceEntry(
                id=number,
                name=listing.name,
                category=listing.category,
                offers=(ref,),
                description=listing.description,
            )
