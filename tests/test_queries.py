"""What is asked of old iterations, and the documents that answer it."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import jsonschema
import msgspec
import pytest

from tests.journal.runs import EVIDENCE, began, finished, place, run
from tui import events as e
from tui import gate, queries
from tui.errors import StagewatchError
from tui.journal import database
from tui.journal.journal import Journal
from tui.journal.writer import Entry, Writer
from tui.state import replay

SCHEMA = Path(__file__).parents[1] / "docs" / "schemas" / "history.json"


def record(folder: Path, events: list[e.Event], evidence: e.Evidence | None = None) -> None:
    """``evidence`` goes with the last event."""
    with Journal.open(folder) as journal, closing(database.open_again(folder)) as connection:
        *first, last = place(events)
        entries = [*(Entry(recorded) for recorded in first), Entry(last, evidence)]
        Writer(connection, journal.begin("s")).write(entries)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three iterations: a good one, an interrupted one and one that still runs."""
    record(tmp_path, run(["passed", "passed", "skipped"], 1))
    record(tmp_path, [*run(["passed", "failed"], 2, ends=False)[:-1], e.IterationEnded(110.0, True, "killed")])
    record(tmp_path, run(["passed", "passed"], 3, ends=False)[:-3])
    return tmp_path


def test_the_history_tells_how_each_iteration_went(folder: Path) -> None:
    history = queries.history(folder)

    assert [(it.number, it.state, it.verdict.answer, it.verdict.standing) for it in history] == [
        (1, "finished", "go", "final"),
        (2, "interrupted", "no-go", "final"),
        (3, "running", "inconclusive", "so far"),
    ]
    assert [it.counts for it in history] == [
        {"passed": 2, "skipped": 1},
        {"passed": 1, "failed": 1},
        {"passed": 1, "not-run": 1},
    ]
    assert history[0].began == 100.0
    assert history[0].duration == 2.0


def test_the_newest_iterations_can_be_asked_for_alone(folder: Path) -> None:
    assert [iteration.number for iteration in queries.history(folder, newest=2)] == [2, 3]


def test_an_empty_history_is_no_error_and_leaves_no_file(tmp_path: Path) -> None:
    assert queries.history(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_an_iteration_is_loaded_by_its_number_and_the_latest_without(folder: Path) -> None:
    assert queries.load(folder, 1) == replay(place(run(["passed", "passed", "skipped"], 1)))
    assert queries.load(folder).iteration == 3


def test_a_verdict_from_the_journal_is_the_one_that_was_shown(folder: Path) -> None:
    shown = gate.verdict(replay(place(run(["passed", "passed", "skipped"], 1))), now=0.0)

    assert gate.verdict(queries.load(folder, 1), now=0.0) == shown


def test_a_number_that_does_not_exist_is_answered_with_those_that_do(folder: Path) -> None:
    with Journal.open(folder) as journal:
        journal.begin("without events")
    record(folder, run(["passed"], 5))

    with pytest.raises(StagewatchError, match=r"there is no iteration 4; recorded: 1 to 3, 5$"):
        queries.load(folder, 4)


def test_where_nothing_was_recorded_the_way_to_the_first_is_named(tmp_path: Path) -> None:
    with pytest.raises(StagewatchError, match="`stagewatch run` records the first"):
        queries.load(tmp_path)


def test_evidence_is_found_by_iteration_test_and_attempt(tmp_path: Path) -> None:
    assert queries.evidence(tmp_path, 1, 0, 1) is None
    record(tmp_path, [*run(["passed"], ends=False), finished(0, "failed", evidence=True)], EVIDENCE)

    assert queries.evidence(tmp_path, 1, 0, 2) == EVIDENCE
    assert queries.evidence(tmp_path, 1, 0, 1) is None


def test_the_history_document_is_the_published_one(folder: Path) -> None:
    record(folder, [began(4, at=1_700_000_000.25, revision="9f3c"), e.IterationEnded(1_700_000_002.5)])

    document = json.loads(queries.history_document(queries.history(folder)))

    assert document["version"] == 1
    assert document["iterations"][3] == {
        "number": 4,
        "revision": "9f3c",
        "started": "2023-11-14T22:13:20.250+00:00",
        "duration": 2.25,
        "verdict": "inconclusive",
        "state": "finished",
        "counts": {},
    }
    jsonschema.validate(document, json.loads(SCHEMA.read_text()))
    jsonschema.validate(json.loads(queries.history_document([])), json.loads(SCHEMA.read_text()))


def test_the_published_schema_is_that_of_the_code() -> None:
    assert json.loads(SCHEMA.read_text()) == queries.history_schema()


def test_a_reader_of_the_document_must_bear_fields_that_come_later() -> None:
    document = {"version": 1, "iterations": [], "later": True}

    jsonschema.validate(document, json.loads(SCHEMA.read_text()))
    assert msgspec.convert(document, queries.History) == queries.History(1, ())


def test_who_only_watches_does_not_pay_for_sqlite() -> None:
    program = "import sys, tui.queries, tui.client.recorded; print('sqlite3' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)

    assert done.stdout == "False\n"
