"""What a test has done over the iterations: since when it fails, how flaky it is, and how it is found by its name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from tests.journal.runs import began, finished, found, run
from tui import events as e
from tui import queries
from tui.errors import StagewatchError
from tui.journal.journal import Journal
from tui.reports.past import past_document, past_lines
from tui.state.past import Flakiness, Past, Since

Write = Callable[..., int]
NODE = found(0).node


def iteration(
    outcome: e.Outcome, number: int, *, digest: str = "d", revision: str = "r1", then: e.Outcome | None = None
) -> list[e.Event]:
    events = run([outcome], number, ends=False)
    events[0] = began(number, revision=revision)
    events[3] = e.Collected(100.2, 1, "3.11.7", "8.4.2", 1, 0.1, digest=digest, environments={"suite": {"A": "1"}})
    return [*events, finished(0, then)] if then is not None else events


def past(journal: Journal) -> Past:
    return journal.past(NODE, 0)


def test_since_the_first_of_an_unbroken_row_of_failures(journal: Journal, write: Write) -> None:
    outcomes: list[e.Outcome] = ["failed", "passed", "failed", "skipped", "error", "not-run", "timeout"]
    for number, outcome in enumerate(outcomes, 1):
        write(iteration(outcome, number, revision=f"r{number}"))
    assert past(journal).failing_since == Since(3, "r3"), "what says nothing of it is passed over"
    assert journal.baseline(before=8).since == {(NODE, 0): Since(3, "r3")}
    assert journal.baseline(before=3).since == {}, "it passed last"
    assert journal.baseline(before=2).since == {(NODE, 0): Since(1, "r1")}


@pytest.mark.parametrize(
    "before, now, flaky",
    [
        ({}, {}, 1),
        ({"digest": "d1"}, {"digest": "d2"}, 0),
        ({"revision": "r1"}, {"revision": "r2"}, 0),
    ],
)
def test_a_turn_with_nothing_known_changed_is_a_flake(
    journal: Journal, write: Write, before: dict[str, str], now: dict[str, str], flaky: int
) -> None:
    write(iteration("failed", 1, **before))
    write(iteration("passed", 2, **now))
    assert past(journal).flakiness == Flakiness(flaky, 2)


def test_a_pass_on_retry_is_a_flake_of_its_iteration(journal: Journal, write: Write) -> None:
    write(iteration("passed", 1))
    write(iteration("failed", 2, then="passed"))
    assert past(journal).flakiness == Flakiness(1, 2), "both turns are of one iteration"
    assert journal.baseline(before=3).flaky == {(NODE, 0): Flakiness(1, 2)}


def test_the_window_forgets(journal: Journal, write: Write) -> None:
    write(iteration("failed", 1, then="passed"))
    for number in range(2, 24):
        write(iteration("passed", number))
    assert past(journal).flakiness == Flakiness(0, 20)


def test_a_failure_of_a_dead_target_is_no_flake(journal: Journal, write: Write) -> None:
    down = iteration("failed", 1)
    down.insert(-2, e.TargetUnreachable(100.45, "http://x/health", "connection refused"))
    write([*down, e.TargetAnswered(102.5, "http://x/health", 102.5), finished(0, "passed")])
    assert past(journal).flakiness == Flakiness(0, 1)


def test_a_journal_that_did_not_keep_what_was_known_claims_nothing(journal: Journal, write: Write) -> None:
    write(iteration("failed", 1, then="passed"))
    journal._database.execute("UPDATE result SET known = ''")
    assert past(journal).flakiness == Flakiness(0, 1)


def test_it_is_told_in_lines_and_as_a_document(journal: Journal, write: Write) -> None:
    write(iteration("failed", 1, then="passed"))
    write(iteration("failed", 2, digest="d2", revision="r2"))
    lines = past_lines(past(journal))
    assert lines[0] == NODE
    assert [line.split()[-2:] for line in lines[2:4]] == [["failed", "0.50s"], ["attempt", "2"]]
    assert lines[-2:] == ["fails since iteration 2 (revision r2)", "flaky in 1 of the latest 2 iterations that ran it"]
    made = msgspec.json.decode(past_document(past(journal)))
    assert made["failing_since"] == {"iteration": 2, "revision": "r2"} and (made["flaky"], made["of"]) == (1, 2)
    assert [(one["outcome"], one["same"]) for one in made["attempts"]] == [
        ("failed", None), ("passed", True), ("failed", False),
    ]  # fmt: skip


def test_a_test_is_named_by_the_end_of_its_name(journal: Journal, write: Write) -> None:
    tests = [
        found(0, "a/test_x.py::test_login"),
        found(1, "b/test_x.py::test_login"),
        found(2, "b/test_x.py::test_50%_[é]"),
    ]
    write(run(["passed"] * 3, tests=tests))
    folder = Path(journal.folder)
    assert queries.past(folder, "test_50%_[é]").node == "b/test_x.py::test_50%_[é]"
    assert queries.past(folder, "a/test_x.py::test_login").attempts
    with pytest.raises(StagewatchError, match=r"several tests end: a/test_x.py::test_login, b/test_x.py::test_login$"):
        queries.past(folder, "test_login")
    for nobody in ("test_logou", "", "'; DROP TABLE test"):
        with pytest.raises(StagewatchError, match="no test of this project is recorded"):
            queries.past(folder, nobody)
