"""The five broken builds still fit the source, and one of them is caught here; `make chaos` catches them all."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.mutations import MUTATIONS, Edit, Misfit, Mutation, build, hunt


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_broken_build_can_still_be_made(mutation: Mutation, tmp_path: Path) -> None:
    """Every word to replace stands once in the source, and what comes out is still a program."""
    folder = build(mutation, tmp_path)
    for edit in mutation.edits:
        compile((folder / edit.file).read_text(), edit.file, "exec")


def test_a_replacement_that_does_not_fit_is_an_error(tmp_path: Path) -> None:
    """A broken build that is not broken would prove nothing."""
    gone = Mutation("x", [Edit("aggregator/orders/state.py", "no such words", "")], MUTATIONS[0].catch)
    with pytest.raises(Misfit):
        build(gone, tmp_path)


async def test_refunding_what_was_only_answered_late_is_found() -> None:
    """A run sees that orders which providers took were called refused."""
    found, _ = await hunt(next(mutation for mutation in MUTATIONS if "refunded when" in mutation.name))
    assert any(fault.startswith("forbidden") for fault in found), found
