"""check reads the configuration and tells every fault by its file and line."""

from __future__ import annotations

from aggregator.app import Panel
from aggregator.storage import tables
from providers.sandbox import Sandbox
from tests.builders import active_order, make_reseller
from tests.cli.desk import Desk


def test_a_good_configuration_is_in_order(idle: Desk) -> None:
    said = idle.say("check")
    assert (said.code, said.errors) == (0, "")
    assert idle.ask("check") == {"faults": [], "warnings": []}


def test_every_fault_of_every_file_is_told_with_its_line(idle: Desk) -> None:
    """On stdout, so that editors and scripts can jump there."""
    markup = idle.write("markup.toml", "[default]\npercent = 25\nfixd = 1\n")
    services = idle.write("services.toml", '[[service]]\nid = 0\noffers = ["alpha:1"]\n')
    said = idle.say("check")
    assert said.code == 1
    assert f"{markup}:3: " in said.text
    assert f"{services}:2: " in said.text
    document = idle.ask("check", code=1)
    assert len(document["faults"]) == 2
    assert document["error"]
    assert sorted(document["faults"]) == sorted(line for line in said.text.splitlines() if line)


async def take_an_order(_: Panel) -> None:
    """An order of alpha's went through a door of before."""
    await active_order(await make_reseller())
    await tables.Attempt.raw("update attempts set door = 'feedc0de00'")


def test_an_address_that_changed_under_orders_is_a_warning(idle: Desk) -> None:
    """Two addresses exchanged by mistake are told before anything serves with them."""
    assert idle.ask("check")["warnings"] == []
    idle.live(take_an_order)
    (warning,) = idle.ask("check")["warnings"]
    assert warning.startswith(f"{idle.config / 'providers.toml'}:")
    assert "alpha has another address or key than when it took 1 order" in warning


def test_to_look_at_files_no_database_is_made(idle: Desk) -> None:
    before = sorted(idle.config.parent.rglob("*"))
    idle.say("check")
    assert sorted(idle.config.parent.rglob("*")) == before


def test_an_offer_of_nobody_is_a_fault(idle: Desk) -> None:
    services = idle.write("services.toml", '[[service]]\nid = 1\nname = "x"\noffers = [\n  "alhpa:1",\n]\n')
    (fault,) = idle.ask("check", code=1)["faults"]
    assert fault.startswith(f"{services}:4: ")
    assert "alpha:1" in fault


def test_a_warning_fails_nothing(idle: Desk) -> None:
    path = idle.config / "providers.toml"
    path.write_text(path.read_text().replace("env:SANDBOX_KEY", "written-in-the-clear"))
    said = idle.say("check")
    assert said.code == 0
    assert f"{path}:4: " in said.text
    assert "written-in-the-clear" not in said.text
    assert len(idle.ask("check")["warnings"]) == 2


def test_a_secret_that_is_missing_is_a_fault(idle: Desk) -> None:
    path = idle.config / "providers.toml"
    path.write_text(path.read_text().replace("env:SANDBOX_KEY", "env:NO_SUCH_KEY"))
    assert all("NO_SUCH_KEY" in fault for fault in idle.ask("check", code=1)["faults"])


def test_no_command_runs_on_a_broken_configuration(idle: Desk) -> None:
    path = idle.write("aggregator.toml", "[panel]\ncurrency = 5\n")
    assert f"{path}:2: " in idle.ask("resellers", "list", code=1)["error"]
    assert f"{path}:2: " in idle.say("resellers", "list").errors


def test_offers_of_another_order_type_are_a_fault_where_a_catalogue_was_read(
    desk: Desk, sandboxes: list[Sandbox]
) -> None:
    """An id that was sold as one type cannot stand for another."""
    usual = {"name": "x", "category": "Best", "rate": "1", "min": 10, "max": 1000}
    sandboxes[0].set_catalogue([{"service": 7101, "type": "Default", **usual}])
    sandboxes[1].set_catalogue([{"service": 1, "type": "Poll", **usual}])
    desk.ask("sync")
    services = desk.config / "services.toml"
    (fault,) = desk.ask("check", code=1)["faults"]
    assert fault.startswith(f"{services}:7: ")
    assert "bravo:1 is of type Poll, the service is Default" in fault
