"""Writes events of one iteration: they, their evidence and all that is derived of them in one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from tui.events import ActionBegan, ActionEnded, Event, Evidence, IterationEnded, PassEnded, Recorded
from tui.journal.derived import Derived
from tui.journal.evidence import pack

_ENCODER = msgspec.json.Encoder()
_SAFE = PassEnded | IterationEnded | ActionBegan | ActionEnded


class Entry(NamedTuple):
    """What ``Writer.write`` takes: an event with its place, and its evidence if it has any."""

    recorded: Recorded
    evidence: Evidence | None = None


class Writer:
    """For an iteration's events from the first to the last, in the thread that opened ``database``."""

    def __init__(self, database: sqlite3.Connection, iteration: int) -> None:
        self._database = database
        self._iteration = iteration
        self._derived = Derived(database, iteration)

    def write(self, batch: Sequence[Entry]) -> None:
        """All of a batch, or none of it and an exception. Once it returns, a killed process loses nothing of it."""
        execute = self._database.execute
        # A crash of the machine may cost the last milliseconds of a run, but not that it ended, nor who did what.
        ends = any(isinstance(entry.recorded.event, _SAFE) for entry in batch)
        execute(f"PRAGMA synchronous = {'FULL' if ends else 'NORMAL'}")
        execute("BEGIN IMMEDIATE")
        try:
            for recorded, evidence in batch:
                seq, event = recorded.seq, recorded.event
                execute("INSERT INTO event VALUES (?, ?, ?)", (self._iteration, seq, _ENCODER.encode(event)))
                key = self._derived.write(event)
                if evidence is not None:
                    if key is None:
                        raise ValueError(f"evidence came with {type(event).__name__}, which is no result")
                    execute("INSERT INTO evidence VALUES (?, ?, ?, ?)", (self._iteration, *key, pack(evidence)))
            execute("COMMIT")
        except BaseException:
            # Some failures (a full disk) have rolled back by themselves.
            if self._database.in_transaction:
                execute("ROLLBACK")
            raise


def append(database: sqlite3.Connection, iteration: int, events: Sequence[Event]) -> None:
    """Write events behind the last of an iteration whose own writer is gone. They must not be results."""
    last = last_seq(database, iteration)
    Writer(database, iteration).write([Entry(Recorded(last + n, event)) for n, event in enumerate(events, start=1)])


def last_seq(database: sqlite3.Connection, iteration: int) -> int:
    """The place of an iteration's last event; 0 when it has none."""
    found: int = database.execute(
        "SELECT coalesce(max(seq), 0) FROM event WHERE iteration = ?", (iteration,)
    ).fetchone()[0]
    return found
