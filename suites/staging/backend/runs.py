"""Runs as they are stored: begun, ended once, and never left active by a restart.

Each change of a run is one transaction with the event that tells of it.
"""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from suites.staging import ids
from suites.staging.backend.journal import Journal
from suites.staging.backend.messages import Messages
from suites.staging.backend.model import usage
from suites.staging.clock import Clock, written
from suites.staging.database import Database
from suites.staging.metrics import Metrics
from suites.staging.pages import Window
from suites.staging.problems import Problem

ACTIVE = ("queued", "running")
ENDS = ("completed", "failed", "cancelled")


class Runs:
    """All runs, sub-agents' ones too."""

    def __init__(
        self, database: Database, clock: Clock, journal: Journal, messages: Messages, metrics: Metrics
    ) -> None:
        self._database, self._clock, self._journal, self._messages = database, clock, journal, messages
        self._ended = metrics.family("runs_total", "counter", "Runs that have ended.", "status")
        for status in ENDS:
            self._ended.add(status, by=0)
        active = metrics.family("runs_active", "gauge", "Runs that are queued or running.")
        metrics.before(lambda: active.put(len(self._active())))

    def add(self, thread: str, agent: str, given: str, user: str, parent: str | None = None) -> sqlite3.Row:
        """A new one, queued. Raises 409 if the thread has an active one already, unless it is for a ``parent``."""
        run = ids.new("run")
        with self._journal.writing():
            if parent is None:
                changed = self._database.run(
                    "UPDATE threads SET active_run = ?, version = version + 1, updated = ?"
                    " WHERE id = ? AND active_run IS NULL",
                    *(run, self._clock.now(), thread),
                )
                if not changed:
                    raise Problem(409, "run-in-progress", "A run of this thread is active.")
            self._database.run(
                "INSERT INTO runs (id, thread, agent, input, created_by, created, parent) VALUES (?, ?, ?, ?, ?, ?, ?)",
                *(run, thread, agent, given, user, self._clock.now(), parent),
            )
        return self.get(run)

    def get(self, run: str) -> sqlite3.Row:
        """One that is known to be there."""
        row = self._database.one("SELECT * FROM runs WHERE id = ?", run)
        assert row is not None
        return row

    def find(self, run: str) -> sqlite3.Row | None:
        """One that may be there."""
        return self._database.one("SELECT * FROM runs WHERE id = ?", run)

    def of(self, thread: str, asked: Window) -> list[sqlite3.Row]:
        """A thread's."""
        end, values = asked.clause()
        return self._database.all(f"SELECT * FROM runs WHERE thread = ?{end}", thread, *values)

    def last_minute(self, user: str) -> int:
        """How many a user has started within 60 s; those of sub-agents are nobody's start."""
        now = self._clock.now()
        count: int = self._database.value(
            "SELECT count(*) FROM runs WHERE created_by = ? AND created > ? AND created <= ? AND parent IS NULL",
            *(user, now - 60, now),
        )
        return count

    def start(self, run: sqlite3.Row) -> None:
        """It is running."""
        with self._journal.writing():
            self._database.run(
                "UPDATE runs SET status = 'running', started = ? WHERE id = ?", self._clock.now(), run["id"]
            )
            self._journal.event(run, "agent_started", {"input": run["input"]})

    def complete(self, run: sqlite3.Row, text: str, tool_calls: int) -> None:
        """It has its result, which is a message of the thread too, unless it was a sub-agent's."""
        used = usage(run["input"], text, tool_calls)
        with self._journal.writing():
            self._end(run, "completed", result={"text": text, "usage": used})
            if run["parent"] is None:
                self._messages.add(run["thread"], "assistant", run["agent"], text, run["id"])
            self._journal.event(run, "agent_completed", {"text": text, "usage": used})
        self._ended.add("completed")

    def fail(self, run: sqlite3.Row, code: str, message: str, status: str = "failed") -> None:
        """It has no result. Its sub-agents' runs that are active end with it, and before it."""
        with self._journal.writing():
            for child in self._active():
                if child["parent"] == run["id"]:
                    self.fail(child, code, message, status)
            if self.get(run["id"])["status"] == "queued":
                self.start(run)
            error = {"code": code, "message": message}
            self._end(run, status, error=error)
            self._journal.event(run, "agent_failed", error)
        self._ended.add(status)

    def cancel(self, run: sqlite3.Row) -> None:
        """Nobody wants it any more. Raises 409 if it has ended."""
        if run["status"] not in ACTIVE:
            raise Problem(409, "already-finished", "The run has ended already.")
        self.fail(run, "cancelled", "The run was cancelled.", "cancelled")

    def interrupt(self) -> None:
        """At the start of the service: what was active when the last one ended will not go on."""
        for run in self._active():
            if run["parent"] is None:
                self.fail(run, "interrupted", "The service was restarted.")

    def _end(self, run: sqlite3.Row, status: str, **outcome: Any) -> None:
        result, error = outcome.get("result"), outcome.get("error")
        self._database.run(
            "UPDATE runs SET status = ?, finished = ?, result = ?, error = ? WHERE id = ?",
            status,
            self._clock.now(),
            None if result is None else json.dumps(result),
            None if error is None else json.dumps(error),
            run["id"],
        )
        if run["parent"] is None:
            self._database.run(
                "UPDATE threads SET active_run = NULL, version = version + 1, updated = ? WHERE id = ?",
                *(self._clock.now(), run["thread"]),
            )

    def _active(self) -> list[sqlite3.Row]:
        return self._database.all("SELECT * FROM runs WHERE status IN ('queued', 'running') ORDER BY n")


def shown(row: sqlite3.Row) -> dict[str, Any]:
    """As a client sees it."""
    return {
        "id": row["id"],
        "thread_id": row["thread"],
        "agent": row["agent"],
        "status": row["status"],
        "input": row["input"],
        "created_by": row["created_by"],
        "created_at": written(row["created"]),
        "started_at": None if row["started"] is None else written(row["started"]),
        "finished_at": None if row["finished"] is None else written(row["finished"]),
        "result": None if row["result"] is None else json.loads(row["result"]),
        "error": None if row["error"] is None else json.loads(row["error"]),
        "last_sequence": row["last_sequence"],
        "parent_run_id": row["parent"],
    }
