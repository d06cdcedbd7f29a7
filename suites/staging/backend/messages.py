"""Messages as they are stored: added, never changed."""

from __future__ import annotations

import sqlite3
from typing import Any

from suites.staging import ids
from suites.staging.backend.journal import Journal
from suites.staging.clock import Clock, written
from suites.staging.database import Database
from suites.staging.pages import Window
from suites.staging.problems import not_found


class Messages:
    """Of all threads."""

    def __init__(self, database: Database, clock: Clock, journal: Journal) -> None:
        self._database, self._clock, self._journal = database, clock, journal

    def add(self, thread: str, role: str, author: str, content: str, run: str | None = None) -> dict[str, Any]:
        """The next one of a thread, as it is shown; listeners are told."""
        message, now = ids.new("msg"), self._clock.now()
        with self._journal.writing():
            sequence: int = self._database.value(
                "UPDATE threads SET message_count = message_count + 1, version = version + 1, updated = ?"
                " WHERE id = ? RETURNING message_count",
                *(now, thread),
            )
            self._database.run(
                "INSERT INTO messages (id, thread, role, author, content, sequence, run, created)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                *(message, thread, role, author, content, sequence, run, now),
            )
            added = self.find(thread, message)
            self._journal.message(thread, added)
        return added

    def find(self, thread: str, message: str) -> dict[str, Any]:
        """One of a thread. Raises 404."""
        row = self._database.one("SELECT * FROM messages WHERE id = ? AND thread = ?", message, thread)
        if row is None:
            raise not_found("There is no such message in this thread.")
        return shown(row)

    def of(self, thread: str, asked: Window) -> list[sqlite3.Row]:
        """A thread's."""
        end, values = asked.clause()
        return self._database.all(f"SELECT * FROM messages WHERE thread = ?{end}", thread, *values)


def shown(row: sqlite3.Row) -> dict[str, Any]:
    """As a client sees it."""
    return {
        "id": row["id"],
        "thread_id": row["thread"],
        "role": row["role"],
        "author": row["author"],
        "content": row["content"],
        "sequence": row["sequence"],
        "run_id": row["run"],
        "created_at": written(row["created"]),
    }
