"""Whether a run covers the plan."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui.plan.model import Plan, Selection
from tui.plan.selection import partial

PARTS = [Selection(paths=("tests/unit",)), Selection(pytest_args=("-x",))]
COLLECTED_WHOLE = [
    Selection(tiers=("P1",)),
    Selection(suites=("ws",)),
    Selection(keyword="a"),
    Selection(markers="not slow"),
]


@pytest.mark.parametrize("selection", [Selection(), *PARTS, *COLLECTED_WHOLE])
def test_without_a_plan_the_selection_is_the_whole(selection: Selection) -> None:
    assert not partial(Plan(), selection, Path("/anywhere"))


@pytest.mark.parametrize("selection", PARTS)
def test_with_a_plan_whatever_keeps_tests_from_being_known_is_a_part(tmp_path: Path, selection: Selection) -> None:
    plan = Plan(source=str(tmp_path / "stagewatch.toml"))
    assert partial(plan, selection)
    assert partial(plan, selection, tmp_path)


@pytest.mark.parametrize("selection", COLLECTED_WHOLE)
def test_what_is_collected_and_not_selected_is_not_run_and_no_part(tmp_path: Path, selection: Selection) -> None:
    plan = Plan(source=str(tmp_path / "stagewatch.toml"))
    assert not partial(plan, selection)
    assert not partial(plan, selection, tmp_path)
    assert partial(plan, selection, tmp_path / "tests")


def test_the_whole(tmp_path: Path) -> None:
    plan = Plan(source=str(tmp_path / "stagewatch.toml"))
    (tmp_path / "tests").mkdir()
    assert not partial(plan, Selection())
    assert not partial(plan, Selection(), tmp_path)
    assert not partial(plan, Selection(paths=(".",)), tmp_path)
    assert not partial(plan, Selection(paths=("..",)), tmp_path / "tests")
    assert not partial(plan, Selection(paths=(str(tmp_path),)), Path("/"))


def test_started_below_the_plan_it_is_a_part(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    assert partial(Plan(source=str(tmp_path / "stagewatch.toml")), Selection(), tmp_path / "tests")
