"""One iteration on its way into the journal, and what becomes of it when the journal fails.

The recorder's thread owns it; only ``kept`` is looked into from elsewhere.
"""

from __future__ import annotations

import errno
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from typing import NamedTuple

from tui.events import Event, Evidence, IterationEnded, Noticed, Recorded, RecordingFailed
from tui.journal import database
from tui.journal.evidence import Kept, Key
from tui.journal.journal import Identity, Journal
from tui.journal.writer import Entry, Writer, append, last_seq

KEPT_EVIDENCE = 64 * 1024 * 1024
"""Bytes (packed) of evidence that stay in memory when they can't be written."""


class Waiting(NamedTuple):
    """An event to be recorded; ``key`` names the attempt that it is the result of."""

    event: Event
    evidence: Evidence | None = None
    key: Key | None = None


class Recording:
    """Numbers events and commits them. After the first failure it only numbers them, to the end of the iteration:
    events behind a gap would be worth nothing."""

    def __init__(self, journal: Journal | None, iteration: int, unrecorded: str) -> None:
        """``unrecorded``: why there is no journal to write to."""
        self.kept = Kept(KEPT_EVIDENCE)
        self._iteration = iteration
        self._seq = 0
        self._why = unrecorded
        self._failure: RecordingFailed | None = None
        self._has_let_go = False
        self._ended: IterationEnded | None = None
        self._database: sqlite3.Connection | None = None
        self._writer: Writer | None = None
        self._journal = journal
        self._identity: Identity | None = None
        if journal is not None:
            try:
                self._identity = journal.identity()
            except OSError as error:
                self._why = _sentence(journal, error)

    def take(self, batch: Sequence[Waiting]) -> list[Recorded]:
        """Commit a batch if that is possible. Returns what is to be published: all of it, and any bad news after it."""
        recorded = [self._place(waiting.event) for waiting in batch]
        if not self._why:
            try:
                self._write([Entry(place, waiting.evidence) for place, waiting in zip(recorded, batch, strict=True)])
            except Exception as error:  # whatever it is, also a bug of ours: the run must not suffer from it
                assert self._journal is not None
                self._why = _sentence(self._journal, error)
        if self._why:
            recorded += [self._place(news) for news in self._go_without(batch)]
        return recorded

    def close(self) -> None:
        """Nothing follows. What was not recorded is owned up to in the journal, if it can be written again."""
        if self._database is not None:
            self._database.close()
        if self._failure is not None and self._journal is not None:
            # Where it still fails, the next start finds the iteration unended, and says so.
            with suppress(Exception):
                self._own_up(self._journal, self._failure)

    def _place(self, event: Event) -> Recorded:
        self._seq += 1
        return Recorded(self._seq, event)

    def _write(self, batch: list[Entry]) -> None:
        assert self._journal is not None
        if self._writer is None:
            self._database = database.open_again(self._journal.folder)
            self._writer = Writer(self._database, self._iteration)
        self._writer.write(batch)
        # A deleted file takes writes without a murmur as long as somebody holds it open.
        if self._journal.identity() != self._identity:
            raise OSError(errno.ESTALE, "it was replaced by another file")

    def _go_without(self, batch: Sequence[Waiting]) -> Iterator[Event]:
        if self._failure is None:
            self._failure = RecordingFailed(time.time(), self._why)
            yield self._failure
        for event, evidence, key in batch:
            if isinstance(event, IterationEnded):
                self._ended = event
            if evidence is None or key is None or self.kept.add(key, evidence) or self._has_let_go:
                continue
            self._has_let_go = True
            size = KEPT_EVIDENCE // (1024 * 1024)
            yield Noticed(time.time(), f"evidence that can't be recorded is over {size} MB: the oldest is let go")

    def _own_up(self, journal: Journal, failure: RecordingFailed) -> None:
        # A file without its log, or another one in its place, would be spoiled by more.
        if journal.identity() != self._identity:
            return
        with closing(database.open_again(journal.folder)) as again:
            # Without its first event an iteration can't be read: nobody would be helped by its last ones.
            if last_seq(again, self._iteration):
                append(again, self._iteration, [failure, *([self._ended] if self._ended else [])])


def _sentence(journal: Journal, error: Exception) -> str:
    return f"the journal {journal.path} can't be written: {database.explain(error)}"
