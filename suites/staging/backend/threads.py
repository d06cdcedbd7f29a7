"""Threads as they are stored: who may see them, and how they change."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from suites.staging import ids
from suites.staging.clock import Clock, written
from suites.staging.database import Database
from suites.staging.identity import Identity
from suites.staging.pages import Window
from suites.staging.problems import Problem, not_found
from suites.staging.switches import Switches


class Threads:
    """All of them; each method shows a user only what is theirs to see."""

    def __init__(self, database: Database, clock: Clock, switches: Switches) -> None:
        self._database, self._clock, self._switches = database, clock, switches

    def find(self, user: Identity, thread: str) -> sqlite3.Row:
        """One that the user may see. Raises 404. Whoever may see it may do with it what their role allows."""
        row = self._database.one(f"SELECT {self._columns()} FROM threads WHERE id = ?", thread)
        if row is None or row["tenant"] != user.tenant or not (user.sees_tenant or row["owner"] == user.id):
            raise not_found("There is no such thread.")
        return row

    def of(self, user: Identity, own: bool, title: str, asked: Window) -> list[sqlite3.Row]:
        """Those the user sees, or owns, whose title has ``title`` in it."""
        whose, value = ("owner", user.id) if own or not user.sees_tenant else ("tenant", user.tenant)
        values: list[Any] = [value]
        condition = f"{whose} = ?"
        if title:
            condition += " AND instr(folded, ?)"
            values.append(title.casefold())
        end, more = asked.clause()
        return self._database.all(f"SELECT {self._columns()} FROM threads WHERE {condition}{end}", *values, *more)

    def add(self, user: Identity, title: str, metadata: Mapping[str, str]) -> sqlite3.Row:
        """A new one. Raises 409 over the user's quota."""
        if self.count(user.id) >= user.limits["threads"]:
            raise Problem(409, "quota-exceeded", "You have as many threads as you may have.")
        thread, now = ids.new("thr"), self._clock.now()
        self._database.run(
            "INSERT INTO threads (id, tenant, owner, title, folded, metadata, created, updated)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            *(thread, user.tenant, user.id, title, title.casefold(), json.dumps(metadata), now, now),
        )
        return self.find(user, thread)

    def change(self, user: Identity, thread: sqlite3.Row, changes: Mapping[str, Any]) -> sqlite3.Row:
        """With another title or metadata."""
        title = changes.get("title", thread["title"])
        metadata = json.dumps(changes["metadata"]) if "metadata" in changes else thread["metadata"]
        self._database.run(
            "UPDATE threads SET title = ?, folded = ?, metadata = ?, updated = ?, version = version + 1 WHERE id = ?",
            *(title, title.casefold(), metadata, self._clock.now(), thread["id"]),
        )
        return self.find(user, thread["id"])

    def remove(self, thread: sqlite3.Row) -> None:
        """With its messages, runs and events. Raises 409 while a run is active."""
        if thread["active_run"] is not None:
            raise Problem(409, "run-in-progress", "A run of this thread is active.")
        self._database.run("DELETE FROM threads WHERE id = ?", thread["id"])

    def count(self, user: str) -> int:
        """How many a user owns."""
        count: int = self._database.value("SELECT count(*) FROM threads WHERE owner = ?", user)
        return count

    def _columns(self) -> str:
        """What is read of a thread; under J4 the code is newer than the table."""
        return "*, archived_at" if self._switches.on("J4-migration-missing") else "*"


def shown(row: sqlite3.Row) -> dict[str, Any]:
    """As a client sees it."""
    return {
        "id": row["id"],
        "title": row["title"],
        "metadata": json.loads(row["metadata"]),
        "owner": row["owner"],
        "tenant": row["tenant"],
        "created_at": written(row["created"]),
        "updated_at": written(row["updated"]),
        "version": row["version"],
        "message_count": row["message_count"],
        "active_run": row["active_run"],
    }


def tag(row: sqlite3.Row) -> str:
    """Its entity tag: it changes with everything that is shown of it."""
    return f'"v{row["version"]}"'
