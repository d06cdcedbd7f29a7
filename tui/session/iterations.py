"""The iterations of a session, one after another: each with its number, its recorder and its state."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from tui import events, queries
from tui.errors import StagewatchError
from tui.events import (
    Event,
    Evidence,
    IterationBegan,
    IterationEnded,
    Noticed,
    Recorded,
    RevisionRead,
    TestsFound,
    WorkerEnded,
    WorkerStarted,
)
from tui.journal.baseline import Baseline
from tui.journal.database import CannotRecord
from tui.journal.journal import Journal
from tui.journal.recorder import Recorder
from tui.protocol import Snapshot
from tui.session.recorded import recorded_suites
from tui.state import RunState, reduce


class Iterations:
    """Takes what happens to the one that is open. ``state`` is that one as it is safe in the journal."""

    def __init__(
        self, session: str, folder: Path, show: Callable[[list[Recorded]], None], show_anew: Callable[[], None]
    ) -> None:
        """``show`` is given what may be shown; ``show_anew`` is called instead, when the state is another one."""
        self._session = session
        self._folder = folder
        self._show = show
        self._show_anew = show_anew
        self._journal: Journal | None = None
        self._recorder: Recorder
        self._held: list[tuple[Event, Evidence | None]] | None = None
        self._given: str | None = None
        self.number = 0
        self.state = RunState()

    def open(self) -> list[str]:
        """The first. Returns what is to be said of those before it; raises StagewatchError for an unfit journal."""
        notes, unrecorded = [], ""
        try:
            self._journal = Journal.open(self._folder)
            for interrupted in self._journal.interrupt_orphans(lambda session: False):
                notes.append(f"iteration {interrupted} was interrupted: its session ended without a word")
            self.number = self._journal.begin(self._session)
        except CannotRecord as error:
            self._journal, unrecorded = None, str(error)
        self._recorder = Recorder(self._journal, self.number, self._publish, unrecorded=unrecorded)
        return notes

    def begin(self, event: IterationBegan) -> None:
        """Its first event, which has neither number nor trend yet."""
        self._given = event.revision
        trend = {} if self._journal is None else self._journal.trend(self.number)
        self.record(msgspec.structs.replace(event, iteration=self.number, trend=trend))

    async def open_next(self, why: str, revision: str | None, by: str) -> None:
        """End the one that is open, and begin another of the same run. What happens now waits for ``release``."""
        before = self.state
        self._recorder.record(IterationEnded(time.time(), why=why))
        self._held = []
        await self._recorder.close()
        self._recorder = self._next_recorder()
        trend = {} if self._journal is None else self._journal.trend(self.number)
        self._given = None
        self._recorder.record(
            IterationBegan(
                time.time(), events.VERSION, self.number, before.project, before.root, before.plan, before.selection,
                before.workers_wanted, before.partial, revision, by, trend,
            )
        )  # fmt: skip

    def release(self, tell_again: Callable[[], None]) -> None:
        """After what ``tell_again`` tells: what has happened since the last one ended. Workers are told already."""
        held, self._held = self._held or [], None
        tell_again()
        for event, evidence in held:
            if not isinstance(event, WorkerStarted | WorkerEnded):
                self.record(event, evidence)

    def record(self, event: Event, evidence: Evidence | None = None) -> None:
        if self._held is not None:
            self._held.append((event, evidence))
            return
        if isinstance(event, TestsFound):
            event = msgspec.structs.replace(event, suites=recorded_suites(event.suites))
        self._recorder.record(event, evidence)
        if isinstance(event, RevisionRead) and event.revision is not None:
            self._compare_given(event.revision)

    def expected(self) -> Baseline:
        """What earlier iterations lead one to expect; nothing, where that can't be read. It takes a while."""
        try:
            return queries.baseline(self._folder, self.number)
        except StagewatchError:
            return Baseline.nothing()  # the run is worth more than its comparison

    def evidence(self, test: int, attempt: int) -> Evidence | None:
        return self._recorder.evidence(test, attempt)

    def snapshot(self) -> Snapshot:
        return Snapshot(self.state.seq, msgspec.Raw(msgspec.json.encode(self.state)))

    async def flush(self) -> None:
        """Wait until all that was recorded so far is published."""
        await self._recorder.flush()

    async def close(self) -> None:
        """Nothing more is recorded; ``evidence`` still answers."""
        await self._recorder.close()

    def end(self) -> None:
        if self._journal is not None:
            self._journal.close()

    def _next_recorder(self) -> Recorder:
        unrecorded = self.state.not_recorded or ""
        self.number += bool(self.number)  # without a journal there is none
        journal = None if unrecorded else self._journal
        if journal is not None:
            try:
                self.number = journal.begin(self._session)
            except StagewatchError as error:
                journal, unrecorded = None, str(error)
        return Recorder(journal, self.number, self._publish, unrecorded=unrecorded)

    def _compare_given(self, revision: str) -> None:
        given, self._given = self._given, None
        if given is not None and given != revision:
            text = f"the version URL says {revision}, --revision says {given}: what was read counts"
            self.record(Noticed(time.time(), text))

    def _publish(self, recorded: list[Recorded]) -> None:
        """What is safe in the journal (or known not to be): now it counts, and may be shown."""
        is_another = recorded[0].seq == 1
        if is_another:
            self.state = RunState()
        for record in recorded:
            reduce(self.state, record.event)
            self.state.seq = record.seq
        if is_another:
            self._show_anew()
        else:
            self._show(recorded)
