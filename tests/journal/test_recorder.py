"""Before anybody is shown an event it is in the journal; and if it can't be, nobody misses it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.journal.runs import EVIDENCE, finished, place, run
from tui import events as e
from tui.journal import database
from tui.journal.journal import Journal
from tui.journal.recorder import Recorder
from tui.journal.writer import Writer
from tui.state import replay


class Viewer:
    """Takes what is published, and notes whether another process would find it in the journal at that moment."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.seen: list[e.Recorded] = []
        self.unsafe: list[int] = []

    def __call__(self, batch: list[e.Recorded]) -> None:
        self.seen += batch
        reader = Journal.read(self._folder)
        assert reader is not None
        with reader:
            safe = {recorded.seq for recorded in reader.events(1)}
        self.unsafe += [recorded.seq for recorded in batch if recorded.seq not in safe]

    @property
    def events(self) -> list[e.Event]:
        return [recorded.event for recorded in self.seen]

    @property
    def bad_news(self) -> list[str]:
        return [event.why for event in self.events if isinstance(event, e.RecordingFailed)]


@pytest.fixture
def viewer(journal: Journal) -> Viewer:
    return Viewer(journal.folder)


@pytest.fixture
async def recorder(journal: Journal, viewer: Viewer) -> AsyncIterator[Recorder]:
    recorder = Recorder(journal, journal.begin("s"), viewer)
    yield recorder
    await recorder.close()


def fail_from_now_on(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def write(self: Writer, batch: object) -> None:
        raise error

    monkeypatch.setattr(Writer, "write", write)


async def test_events_are_published_in_order_once_they_are_safe(recorder: Recorder, viewer: Viewer) -> None:
    events = run(["passed", "failed", "skipped"] * 20)
    for event in events:
        recorder.record(event)
        await asyncio.sleep(0)
    await recorder.flush()

    assert viewer.seen == place(events)
    assert viewer.unsafe == []


async def test_a_flood_is_committed_in_few_batches(recorder: Recorder, viewer: Viewer) -> None:
    batches: list[int] = []
    recorder._publish = lambda batch: batches.append(len(batch))
    for event in run(["passed"] * 500):
        recorder.record(event)
    await recorder.flush()

    assert sum(batches) == 1008
    assert len(batches) <= 3


async def test_evidence_can_be_looked_at_before_and_after_it_is_committed(recorder: Recorder, journal: Journal) -> None:
    for event in run(["passed"], ends=False):
        recorder.record(event)
    recorder.record(finished(0, "failed", evidence=True), EVIDENCE)

    assert recorder.evidence(0, 2) == EVIDENCE
    assert recorder.evidence(0, 1) is None
    await recorder.close()
    assert recorder.evidence(0, 2) == EVIDENCE
    assert journal.evidence(1, 0, 2) == EVIDENCE


async def test_closing_publishes_what_is_left_and_may_be_repeated(recorder: Recorder, viewer: Viewer) -> None:
    events = run(["passed"])
    for event in events:
        recorder.record(event)
    await recorder.close()
    await recorder.close()
    await recorder.flush()

    assert viewer.events == events


@pytest.mark.parametrize("moment", [0, 3, 12], ids=["at the first event", "in mid-way", "near the end"])
async def test_when_writing_fails_viewers_get_everything_and_are_told_once(
    recorder: Recorder, viewer: Viewer, monkeypatch: pytest.MonkeyPatch, moment: int
) -> None:
    events = run(["passed", "failed", "passed", "passed"])
    for event in events[:moment]:
        recorder.record(event)
    await recorder.flush()
    fail_from_now_on(monkeypatch, sqlite3.OperationalError("boom"))
    for event in events[moment:]:
        recorder.record(event)
        await recorder.flush()

    [why] = viewer.bad_news
    assert why.endswith("journal.sqlite3 can't be written: boom")
    assert [recorded.seq for recorded in viewer.seen] == list(range(1, len(events) + 2))
    assert [event for event in viewer.events if not isinstance(event, e.RecordingFailed)] == events


async def test_evidence_that_can_not_be_written_is_kept_newest_first(
    recorder: Recorder, viewer: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder._recording.kept, "_limit", 3 * 80)
    fail_from_now_on(monkeypatch, OSError("boom"))
    for event in run(["passed"] * 9, ends=False):
        recorder.record(event)
    for test in range(9):
        recorder.record(finished(test, "failed", evidence=True), e.Evidence(traceback=f"trouble {test}"))
    await recorder.flush()

    kept = [test for test in range(9) if recorder.evidence(test, 2) is not None]
    assert kept == list(range(kept[0], 9))
    assert 1 < len(kept) < 9
    assert [event.text for event in viewer.events if isinstance(event, e.Noticed)] == [
        "evidence that can't be recorded is over 64 MB: the oldest is let go"
    ]


async def test_a_recording_that_failed_for_a_while_is_owned_up_to_in_the_journal(
    recorder: Recorder, journal: Journal
) -> None:
    events = run(["passed", "passed"])
    with pytest.MonkeyPatch.context() as monkeypatch:
        for event in events[:8]:
            recorder.record(event)
        await recorder.flush()
        fail_from_now_on(monkeypatch, sqlite3.OperationalError("boom"))
        for event in events[8:]:
            recorder.record(event)
        await recorder.flush()
    await recorder.close()

    state = replay(journal.events(1))
    assert [recorded.seq for recorded in journal.events(1)] == list(range(1, 11))
    assert state.not_recorded is not None
    assert state.ended == 103.0
    assert not state.interrupted
    assert journal.interrupt_orphans(lambda session: False) == []


async def test_an_iteration_of_which_nothing_was_recorded_is_nobodys_orphan(
    recorder: Recorder, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_from_now_on(monkeypatch, sqlite3.OperationalError("boom"))
    for event in run(["passed"]):
        recorder.record(event)
    await recorder.close()

    assert journal.numbers() == []
    assert journal.interrupt_orphans(lambda session: False) == []
    assert journal.begin("next") == 2


async def test_a_journal_locked_for_long_is_given_up(
    journal: Journal, viewer: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "PATIENCE", 0.05)
    recorder = Recorder(journal, journal.begin("s"), viewer)
    with closing(sqlite3.connect(journal.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for event in run(["passed"]):
            recorder.record(event)
        await recorder.flush()
        other.execute("ROLLBACK")
    await recorder.close()

    [why] = viewer.bad_news
    assert "another process has kept it locked" in why


@pytest.mark.parametrize("missing", ["", "-wal"])
async def test_a_deleted_journal_is_noticed(recorder: Recorder, journal: Journal, viewer: Viewer, missing: str) -> None:
    viewer_sees: list[e.Recorded] = []
    recorder._publish = viewer_sees.extend
    events = run(["passed"])
    recorder.record(events[0])
    await recorder.flush()
    Path(f"{journal.path}{missing}").unlink()
    for event in events[1:]:
        recorder.record(event)
    await recorder.close()

    [failed] = [recorded.event for recorded in viewer_sees if isinstance(recorded.event, e.RecordingFailed)]
    assert "No such file or directory" in failed.why
    assert len(viewer_sees) == len(events) + 1
    assert not Path(f"{journal.path}{missing}").exists(), "it must not be made anew, without its past"


async def test_without_a_journal_a_run_is_shown_and_said_to_be_unrecorded() -> None:
    seen: list[e.Recorded] = []
    recorder = Recorder(None, 0, seen.extend, unrecorded="the journal j can't be written: it is read-only")
    events = [*run(["passed"], ends=False), finished(0, "failed", evidence=True)]
    recorder.record(events[0])
    await recorder.flush()
    for event in events[1:]:
        recorder.record(event, EVIDENCE if event is events[-1] else None)
    await recorder.close()

    assert [recorded.seq for recorded in seen] == list(range(1, len(events) + 2))
    assert replay(seen).not_recorded == "the journal j can't be written: it is read-only"
    assert isinstance(seen[0].event, e.IterationBegan)
    assert recorder.evidence(0, 2) == EVIDENCE
    assert recorder.evidence(0, 1) is None


async def test_a_spoiled_journal_costs_only_the_look_at_it(recorder: Recorder, journal: Journal) -> None:
    with closing(sqlite3.connect(journal.path)) as other:
        other.execute("DROP TABLE evidence")

    assert recorder.evidence(0, 1) is None
