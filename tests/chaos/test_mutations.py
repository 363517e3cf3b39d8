"""The broken builds can be built: each replacement fits the source as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.mutations import MUTATIONS, Mutation, build


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda one: one.name)
def test_a_broken_build_differs_from_ours_where_it_should(mutation: Mutation, tmp_path: Path) -> None:
    root = build(mutation, tmp_path / "build")
    for edit in mutation.edits:
        assert edit.after in (root / edit.file).read_text()
        compile((root / edit.file).read_text(), edit.file, "exec")
