"""services.toml: what we sell under our own ids."""

from __future__ import annotations

import pytest

from aggregator.settings import ConfigurationError, OfferRef, read_services
from providers.vocabulary import ServiceType

FILE = "config/services.toml"
ONE = '[[service]]\nid = 1\nname = "Likes"\ncategory = "Instagram"\noffers = ["alpha:1"]\n'

FAULTS = [
    ("import_rest = 1", 1, "import_rest must be true or false"),
    ('[[service]]\nname = "x"\noffers = ["alpha:1"]', 1, "id is missing: write id = N, 1 to 100000"),
    (ONE.replace("id = 1", "id = 0"), 2, "id must be a whole number at least 1"),
    (ONE.replace("id = 1", "id = 3000000000"), 2, "at most 2147483647"),
    (ONE.replace("id = 1", 'id = "one"'), 2, "id must be a whole number"),
    (ONE.replace("id = 1", "id = true"), 2, "id must be a whole number"),
    (ONE.replace('"Likes"', '"Li\\nkes"'), 3, "name must be text on one line"),
    (ONE.replace('["alpha:1"]', "[]"), 5, 'write offers = ["alpha:101"]'),
    (ONE.replace('["alpha:1"]', '"alpha:1"'), 5, 'write offers = ["alpha:101"]'),
    ("[[service]]\nid = 1", 1, 'write offers = ["alpha:101"]'),
    (ONE.replace('["alpha:1"]', '[\n"alpha:1",\n"bravo"]'), 7, 'offer 2 must be "provider:service"'),
    (ONE.replace('["alpha:1"]', '[\n"alpha:1",\n17]'), 7, 'offer 2 must be "provider:service"'),
    (ONE.replace('["alpha:1"]', '[\n"alpha:1",\n"alpha:1"]'), 7, "offer 2 is named twice"),
    (ONE.replace("alpha:1", "Alpha:1"), 5, 'offer 1 must be "provider:service"'),
    (ONE + 'type = "Custom Coments"', 6, 'write type = "Custom Comments"'),
    (ONE + 'type = "Unsupported"', 6, "type must be one of"),
    (ONE + "min = 0", 6, "min must be a whole number at least 1"),
    (ONE + "min = 10\nmax = 9", 7, "max is below min: write max = 10 or more"),
    (ONE + "package_units = 10", 6, 'package_units is for packages: write type = "Package" as well'),
    (ONE + 'type = "Default"\npackage_units = 10', 7, "package_units is for packages"),
    (ONE + 'type = "Package"\npackage_units = 0', 7, "package_units must be a whole number at least 1"),
    (ONE + "enabled = 0", 6, "enabled must be true or false"),
    (ONE + 'pin = "bravo:1"', 6, 'pin must be one of its offers: write pin = "alpha:1"'),
    (ONE + "description = 5", 6, "description must be text"),
    (ONE + "maximum = 5", 6, "unknown key maximum: write max"),
    (ONE + ONE, 7, "id 1 is already the service of line 1: write an id that is free"),
    ("[services]\nid = 1", 1, "unknown key services: write service"),
]


@pytest.mark.parametrize(("text", "line", "said"), FAULTS)
def test_a_fault_names_its_line_and_what_to_write(text: str, line: int, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_services(text, FILE)
    (fault,) = caught.value.faults
    assert (fault.file, fault.line) == (FILE, line)
    assert said in fault.message


def test_an_empty_file_sells_everything_as_it_comes() -> None:
    services = read_services("", FILE)
    assert (services.import_rest, services.services) == (True, ())


def test_a_service_may_say_more_than_its_offers() -> None:
    text = ONE + 'type = "custom_comments"\nmin = 10\nmax = "500"\ndescription = """two\nlines"""\nenabled = false'
    (service,) = read_services(text, FILE).services
    assert (service.type, service.minimum, service.maximum) == (ServiceType.CUSTOM_COMMENTS, 10, 500)
    assert (service.description, service.enabled, service.line) == ("two\nlines", False, 1)


def test_a_service_that_says_little_leaves_the_rest_to_its_offers() -> None:
    (service,) = read_services('[[service]]\nid = 100001\noffers = ["alpha:1"]', FILE).services
    assert (service.id, service.name, service.category) == (100_001, "", "")
    assert (service.type, service.minimum, service.maximum, service.description) == (None, None, None, None)


def test_ids_of_providers_keep_their_spelling_be_they_numbers_or_not() -> None:
    (service,) = read_services(ONE.replace('"alpha:1"', '"alpha:007", "bravo:ig:likes x"'), FILE).services
    assert service.offers == (OfferRef("alpha", "007"), OfferRef("bravo", "ig:likes x"))


def test_two_services_may_sell_the_same_offer() -> None:
    assert len(read_services(ONE + ONE.replace("id = 1", "id = 2"), FILE).services) == 2


def test_aliases_are_ids_that_nobody_else_has() -> None:
    text = '[[service]]\nid = 1\noffers = ["alpha:1"]\naliases = [1234, 150000]\n'
    (service,) = read_services(text, "services.toml").services
    assert service.aliases == (1234, 150_000)
    assert read_services(text, "services.toml").taken == {1, 1234, 150_000}
    for wrong in ("aliases = [0]", 'aliases = ["1"]', "aliases = [true]", "aliases = 5", "aliases = [4294967296]"):
        with pytest.raises(ConfigurationError, match=r"services\.toml:4: aliases must be a list of ids"):
            read_services(f'[[service]]\nid = 1\noffers = ["alpha:1"]\n{wrong}\n', "services.toml")
    other = '[[service]]\nid = 2\noffers = ["alpha:2"]\naliases = [1]\n'
    with pytest.raises(ConfigurationError, match=r"services\.toml:8: alias 1 is the service of line 1 already"):
        read_services(text + other, "services.toml")
