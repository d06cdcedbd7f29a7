"""Guessing passwords is slowed down: ten wrong ones for a name within a minute, and it must wait."""

from __future__ import annotations

from suites.staging.database import Database

MOST, WITHIN = 10, 60.0


class Attempts:
    """Wrong passwords of the last minute, by the name that was given."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def wait(self, name: str, now: float) -> float:
        """How many seconds until this name may try again; 0 if it may."""
        rows = self._database.all(
            "SELECT at FROM wrong_passwords WHERE name = ? AND at > ? AND at <= ? ORDER BY at DESC LIMIT ?",
            *(name, now - WITHIN, now, MOST),
        )
        if len(rows) < MOST:
            return 0.0
        oldest: float = rows[-1]["at"]
        return oldest + WITHIN - now

    def wrong(self, name: str, now: float) -> None:
        """One more."""
        with self._database.transaction():
            self._database.run("DELETE FROM wrong_passwords WHERE at < ?", now - WITHIN)
            self._database.run("INSERT INTO wrong_passwords (name, at) VALUES (?, ?)", name, now)
