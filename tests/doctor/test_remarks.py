"""What is said of a plan and of a measurement; which test is measured; what of this machine."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from tests.journal.runs import run
from tests.reports.test_examination import WARM
from tui import places
from tui.doctor import machine
from tui.doctor.measuring import candidates
from tui.doctor.project import claims, doubts
from tui.events import Disagreed, FoundTest
from tui.journal import database
from tui.journal.journal import Journal
from tui.journal.writer import append
from tui.reports.examination import Measured

assert WARM.measured is not None
MEASURED: Measured = WARM.measured


def test_tests_that_two_suites_claim_are_one_remark_a_pair() -> None:
    found = claims({"a.py::one": ("ws", "api"), "a.py::two": ("ws", "api"), "b.py::three": ("api", "slow")})
    assert [remark.what for remark in found] == [
        "2 tests claimed by the suites ws and api (a.py::one, …), and in ws, the first of them",
        "1 test claimed by the suites api and slow (b.py::three), and in api, the first of them",
    ]
    assert not any(remark.in_the_way for remark in found)


@pytest.mark.parametrize(("outcome", "words"), [("failed", "fails when"), ("passed", "passes when")])
def test_an_outcome_that_is_another_warm_stands_in_the_way(outcome: str, words: str) -> None:
    (found,) = doubts(msgspec.structs.replace(MEASURED, outcome=outcome, agree=False))
    assert found.in_the_way and words in found.what and MEASURED.test in found.advice


def test_a_flaky_test_is_no_disagreement() -> None:
    (found,) = doubts(msgspec.structs.replace(MEASURED, steady=False))
    assert not found.in_the_way and "flaky" in found.what
    assert doubts(MEASURED) == []


def test_the_test_of_a_middling_duration_speaks_for_all() -> None:
    def test(id: int, usual: float | None) -> FoundTest:
        return FoundTest(id, f"a.py::test_{id}", "P1", "a.py", usual=usual)

    durations = {1: 9.0, 2: None, 3: 0.1, 4: 0.3, 5: 0.2, 6: 0.1}
    found = candidates([test(id, usual) for id, usual in durations.items()])
    assert (found[0].id, found[-1].id) == (5, 2)
    assert [each.id for each in candidates([test(1, None), test(2, None)])] == [1, 2]


def test_a_journal_that_can_not_be_kept_stands_in_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    folder, remarks = machine.journal(tmp_path)
    assert folder is not None and remarks == []
    monkeypatch.setattr(database, "network_type", lambda folder: "nfs4")
    folder, remarks = machine.journal(tmp_path)
    assert folder is None and remarks[0].in_the_way
    assert "network file system (nfs4)" in remarks[0].what and "XDG_STATE_HOME" in remarks[0].what


def test_a_module_that_runs_cold_for_a_disagreement_stands_in_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    folder = places.project_folder(tmp_path)
    with Journal.open(folder) as journal, closing(database.open_again(folder)) as connection:
        events = [*run(["passed"], ends=False), Disagreed(103.0, 0, "a.py", "failed", "passed")]
        append(connection, journal.begin("s"), events)
    _, (remark,) = machine.journal(tmp_path)
    assert remark.in_the_way and remark.what.startswith("a.py runs cold: ") and "(iteration 1)" in remark.what
    assert remark.advice.endswith("stagewatch trust a.py")


def test_a_state_folder_that_can_not_be_made_stands_in_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    folder, remarks = machine.journal(tmp_path)
    assert folder is None and "can't be made" in remarks[0].what
