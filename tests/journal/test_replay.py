"""What the journal gives back is what happened, and its derived rows say nothing else."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

from hypothesis import given, settings

from tests.journal.runs import EVIDENCE, finished, found, histories, place, run
from tui import events as e
from tui.journal import database
from tui.journal.derived import rebuild
from tui.journal.journal import Journal
from tui.journal.writer import Entry, Writer
from tui.state import RunState, by_tier, reduce, replay

History = list[tuple[e.Event, e.Evidence | None]]


def write(journal: Journal, history: History, batch: int = 3) -> sqlite3.Connection:
    number = journal.begin("s")
    connection = database.open_again(journal.folder)
    writer = Writer(connection, number)
    entries = [Entry(e.Recorded(seq, event), evidence) for seq, (event, evidence) in enumerate(history, start=1)]
    for start in range(0, len(entries), batch):
        writer.write(entries[start : start + batch])
    return connection


def live(history: History) -> RunState:
    state = RunState()
    for event, _ in history:
        reduce(state, event)
        state.seq += 1
    return state


@settings(max_examples=60, deadline=None)
@given(histories())
def test_an_iteration_read_back_is_the_one_that_was_shown(history: History) -> None:
    with tempfile.TemporaryDirectory() as folder, Journal.open(Path(folder)) as journal:
        write(journal, history).close()

        state = replay(journal.events(1))

        assert state == live(history)
        for test in state.tests.values():
            for number, attempt in enumerate(test.attempts, start=1):
                assert (journal.evidence(1, test.id, number) is not None) == attempt.has_evidence


@settings(max_examples=60, deadline=None)
@given(histories())
def test_a_trend_counts_what_the_state_counts(history: History) -> None:
    with tempfile.TemporaryDirectory() as folder, Journal.open(Path(folder)) as journal:
        write(journal, history).close()
        ran = {
            tier: [test for test in tests if test.attempts] for tier, tests in by_tier(live(history)).items()
        }  # fmt: skip

        expected = {tier: (sum(test.is_failing for test in tests),) for tier, tests in ran.items() if tests}

        assert journal.trend(before=2) == expected


@settings(max_examples=40, deadline=None)
@given(histories())
def test_derived_rows_can_be_made_again_from_the_events(history: History) -> None:
    def rows(connection: sqlite3.Connection) -> list[list[object]]:
        results = (
            "SELECT node, ordinal, iteration, attempt, tier, outcome, duration, stands FROM result "
            "JOIN test ON test.id = result.test ORDER BY 1, 2, 3, 4"
        )
        tables = ("SELECT * FROM iteration", results, "SELECT * FROM warmth ORDER BY at, path")
        return [connection.execute(query).fetchall() for query in tables]

    with (
        tempfile.TemporaryDirectory() as folder,
        Journal.open(Path(folder)) as journal,
        closing(write(journal, history)) as connection,
    ):
        before = rows(connection)

        rebuild(connection)

        assert rows(connection) == before


def test_names_are_kept_to_the_letter(journal: Journal, write: Callable[..., int]) -> None:
    nodes = ["a\0b", "a\0c", "t::[\N{GRINNING FACE}]", "n" * 4000, "n" * 3999 + "m", "[/]", "a\nb", ""]
    tests = [found(id, node) for id, node in enumerate(nodes)] + [found(99, "a\0b", ordinal=1)]
    write(run(["passed"] * 8 + ["failed"], tests=tests))

    assert [test.node for test in replay(journal.events(1)).tests.values()] == [*nodes, "a\0b"]
    last = journal.baseline(before=2).last
    assert last == {(node, 0): "passed" for node in nodes} | {("a\0b", 1): "failed"}


def test_evidence_belongs_to_its_attempt(journal: Journal, write: Callable[..., int]) -> None:
    events = [*run(["failed"], ends=False), finished(0, "failed", evidence=True)]
    write(events, {len(events): EVIDENCE})

    assert journal.evidence(1, test=0, attempt=1) is None
    assert journal.evidence(1, test=0, attempt=2) == EVIDENCE


def test_a_batch_is_written_whole_or_not_at_all(journal: Journal) -> None:
    journal.begin("s")
    events = place(run(["passed"]))
    with closing(database.open_again(journal.folder)) as connection:
        writer = Writer(connection, 1)
        writer.write([Entry(recorded) for recorded in events[:3]])
        with suppress(sqlite3.IntegrityError):
            writer.write([*(Entry(recorded) for recorded in events[3:]), Entry(events[0])])

    assert [recorded.seq for recorded in journal.events(1)] == [1, 2, 3]
