"""The one writer of a running iteration: every event is in the journal before anybody is shown it.

``record`` is called in the session's event loop and never waits for a disk. A thread takes what has
come together, commits it, and hands it back to the loop to be published. A few events are committed
at once, a flood in batches of 20 ms.

When the journal fails (full, read-only, locked, deleted), viewers still get every event, then one
``RecordingFailed``, and evidence is kept in memory: see ``recording``.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from tui.errors import StagewatchError
from tui.events import Event, Evidence, Recorded
from tui.journal.attempts import Attempts
from tui.journal.evidence import Key
from tui.journal.journal import Journal
from tui.journal.recording import Recording, Waiting

_Told = TypeVar("_Told")

WINDOW = 0.02
"""Seconds between two commits in a flood."""
FLOOD = 16
"""Events in one commit from which on it is one. Fewer wait for nobody."""


class Recorder:
    """Records an iteration that ``Journal.begin`` has numbered. Made in the event loop that ``publish`` shall run in.

    ``publish`` gets events in order, each once, after they are safe (or after it is known that they can't be).
    """

    def __init__(
        self,
        journal: Journal | None,
        iteration: int,
        publish: Callable[[list[Recorded]], None],
        *,
        unrecorded: str = "",
    ) -> None:
        """Without a journal nothing is written; ``unrecorded`` then says why, in the words of ``CannotRecord``."""
        assert (journal is None) == bool(unrecorded), "either a journal, or why there is none"
        self._journal = journal
        self._iteration = iteration
        self._publish = publish
        self._loop = asyncio.get_running_loop()
        self._attempts = Attempts()
        self._recording = Recording(journal, iteration, unrecorded)

        # Shared with the thread, under the lock of ``_wake``.
        self._wake = threading.Condition()
        self._waiting: list[Waiting] = []
        self._flushes: list[asyncio.Future[None]] = []
        self._closing = False
        self._uncommitted: dict[Key, Evidence] = {}

        # A daemon: a session that dies of a bug shall not hang on it, and what it has published is committed.
        self._thread = threading.Thread(target=self._work, name=f"recorder-{iteration}", daemon=True)
        self._thread.start()

    def record(self, event: Event, evidence: Evidence | None = None) -> None:
        """Take an event to be written, then published. ``evidence`` goes with a result only."""
        key = self._attempts.of(event)
        assert evidence is None or key is not None, f"{type(event).__name__} is no result and has no evidence"
        with self._wake:
            assert not self._closing, "the recorder is closed"
            if key is not None and evidence is not None:
                self._uncommitted[key] = evidence
            self._waiting.append(Waiting(event, evidence, key))
            # It sleeps only when there is nothing; a batch that comes together is not to wake it for each event.
            if len(self._waiting) == 1:
                self._wake.notify()

    def evidence(self, test: int, attempt: int) -> Evidence | None:
        """What an attempt of this iteration left behind, committed or not."""
        with self._wake:
            found = self._uncommitted.get((test, attempt))
        found = found or self._recording.kept.get((test, attempt))
        if found is None and self._journal is not None:
            # A journal that was spoiled meanwhile costs the look at it, never the run.
            with suppress(StagewatchError):
                found = self._journal.evidence(self._iteration, test, attempt)
        return found

    async def flush(self) -> None:
        """Wait until all that was recorded so far is published."""
        if not self._closing:
            await self._demand()

    async def close(self) -> None:
        """Publish what is left and end the thread. ``evidence`` still answers, as long as the journal is open."""
        if not self._closing:
            await self._demand(closing=True)
        await asyncio.to_thread(self._thread.join)

    async def _demand(self, *, closing: bool = False) -> None:
        done = self._loop.create_future()
        with self._wake:
            self._flushes.append(done)
            self._closing = closing
            self._wake.notify()
        await done

    def _work(self) -> None:
        """The thread."""
        next_commit = 0.0
        closing = False
        while not closing:
            with self._wake:
                self._wake.wait_for(lambda: self._waiting or self._flushes)
                self._wake.wait_for(lambda: self._flushes, max(0.0, next_commit - time.monotonic()))
                batch, self._waiting = self._waiting, []
                flushes, self._flushes = self._flushes, []
                closing = self._closing
            if batch:
                self._tell(self._publish, self._recording.take(batch))
                self._forget_uncommitted(batch)
            if closing:
                self._recording.close()
            for done in flushes:
                self._tell(_finish, done)
            next_commit = time.monotonic() + WINDOW if len(batch) >= FLOOD else 0.0

    def _forget_uncommitted(self, batch: list[Waiting]) -> None:
        with self._wake:
            for waiting in batch:
                if waiting.evidence is not None and waiting.key is not None:
                    del self._uncommitted[waiting.key]

    def _tell(self, callback: Callable[[_Told], None], what: _Told) -> None:
        # A loop that is closed has nobody left to tell.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(callback, what)


def _finish(done: asyncio.Future[None]) -> None:
    if not done.done():
        done.set_result(None)
