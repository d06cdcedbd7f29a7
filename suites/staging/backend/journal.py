"""What happens in threads: stored first, then told to whoever listens.

An event, or a message, is part of a transaction; listeners hear of it once that is committed. Both
are done without giving way to another task, so that who subscribes and then reads what is stored
misses nothing and gets nothing twice.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from suites.staging.answers import encoded
from suites.staging.clock import Clock, written
from suites.staging.database import Database
from suites.staging.metrics import Metrics
from suites.staging.streams import LineStream, Topic

TYPES = (
    "agent_started",
    "agent_thinking",
    "tool_executing",
    "tool_completed",
    "partial_result",
    "agent_completed",
    "agent_failed",
)
_PAGE = 500


class Journal:
    """Of all threads."""

    def __init__(self, database: Database, clock: Clock, metrics: Metrics) -> None:
        self._database, self._clock = database, clock
        self._topics: dict[str, Topic] = {}
        self._told: list[tuple[str, bytes]] = []
        self._depth = 0
        self._events = metrics.family("events_total", "counter", "Events of runs.", "type")
        for kind in TYPES:
            self._events.add(kind, by=0)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """A transaction. What it stored is told to the listeners at its end."""
        self._depth += 1
        try:
            with self._database.transaction():
                yield
        except BaseException:
            self._told.clear()
            raise
        finally:
            self._depth -= 1
        if self._depth == 0:
            told, self._told = self._told, []
            for thread, line in told:
                if topic := self._topics.get(thread):
                    topic.publish(line)

    def event(self, run: sqlite3.Row, kind: str, data: dict[str, Any]) -> None:
        """The next event of a run."""
        with self.writing():
            sequence: int = self._database.value(
                "UPDATE threads SET last_sequence = last_sequence + 1 WHERE id = ? RETURNING last_sequence",
                run["thread"],
            )
            event = encoded(
                {
                    "type": kind,
                    "sequence": sequence,
                    "thread_id": run["thread"],
                    "run_id": run["id"],
                    "parent_run_id": run["parent"],
                    "agent": run["agent"],
                    "timestamp": written(self._clock.now()),
                    "data": data,
                }
            )
            self._database.run(
                "INSERT INTO events (thread, sequence, run, event) VALUES (?, ?, ?, ?)",
                *(run["thread"], sequence, run["id"], event.decode()),
            )
            self._database.run("UPDATE runs SET last_sequence = ? WHERE id = ?", sequence, run["id"])
            self._told.append((run["thread"], _line(event)))
        self._events.add(kind)

    def message(self, thread: str, message: dict[str, Any]) -> None:
        """A message was stored: tell so. Within :meth:`writing`."""
        self._told.append((thread, b'{"message":' + encoded(message) + b"}\n"))

    def of_thread(self, thread: str, after: int) -> list[dict[str, Any]]:
        """All of its events with a higher sequence."""
        rows = self._database.all(
            "SELECT event FROM events WHERE thread = ? AND sequence > ? ORDER BY sequence", thread, after
        )
        return [json.loads(row["event"]) for row in rows]

    def of_run(self, run: str, after: int) -> list[dict[str, Any]]:
        """All of a run's own events with a higher sequence."""
        rows = self._database.all(
            "SELECT event FROM events WHERE run = ? AND sequence > ? ORDER BY sequence", run, after
        )
        return [json.loads(row["event"]) for row in rows]

    def stream(self, thread: str, after: int) -> LineStream:
        """All of its events with a higher sequence, and what comes; messages from now on."""
        if (topic := self._topics.get(thread)) is None:
            topic = self._topics[thread] = Topic(lambda: self._topics.pop(thread, None))
        subscription = topic.subscribe()
        last: int = self._database.value("SELECT last_sequence FROM threads WHERE id = ?", thread)
        return LineStream(subscription, self._stored(thread, after, last))

    def forget(self, thread: str) -> None:
        """A thread that is deleted: nothing will happen there any more."""
        if topic := self._topics.get(thread):
            topic.close()

    def close(self) -> None:
        """Every stream ends."""
        for topic in tuple(self._topics.values()):
            topic.close()

    def _stored(self, thread: str, after: int, last: int) -> Iterator[bytes]:
        """The events from ``after`` (without) to ``last``, some in a piece."""
        while after < last:
            rows = self._database.all(
                "SELECT sequence, event FROM events WHERE thread = ? AND sequence > ? AND sequence <= ?"
                f" ORDER BY sequence LIMIT {_PAGE}",
                *(thread, after, last),
            )
            if not rows:  # deleted meanwhile
                return
            after = rows[-1]["sequence"]
            yield b"".join(_line(row["event"].encode()) for row in rows)


def _line(event: bytes) -> bytes:
    return b'{"event":' + event + b"}\n"
