"""Where warm and cold have disagreed, and which modules run cold for it."""

from __future__ import annotations

import sqlite3

from tui.journal import schema

_SINCE = 3
"""The version of the tables that first had it."""


def has_disagreed(database: sqlite3.Connection) -> bool:
    """Whether warm and cold ever have, in any module."""
    return bool(_rows(database, "SELECT 1 FROM warmth WHERE NOT trusted LIMIT 1"))


def distrusted(database: sqlite3.Connection) -> dict[str, tuple[int, float]]:
    """The modules that run cold, by path: the iteration in which the two disagreed last, and when that was.

    Those that somebody has trusted again since are left out.
    """
    rows = _rows(database, "SELECT path, iteration, at, trusted FROM warmth ORDER BY at, rowid")
    latest = {path: (iteration, at, trusted) for path, iteration, at, trusted in rows}
    return {path: (iteration, at) for path, (iteration, at, trusted) in latest.items() if not trusted}


def _rows(database: sqlite3.Connection, question: str) -> list[tuple[str, int, float, int]]:
    # Who only reads leaves an older journal as it is.
    return database.execute(question).fetchall() if schema.version(database) >= _SINCE else []
