"""Asking for the past of tests: every attempt of one, and which of them are worth asking for."""

from __future__ import annotations

import sqlite3

from tui.events import FAILING
from tui.journal import schema
from tui.state.past import WINDOW, Past, PastAttempt


def past(database: sqlite3.Connection, node: str, ordinal: int, before: int | None = None) -> Past:
    """Of one test; empty where it never ran."""
    row = database.execute("SELECT id FROM test WHERE node = ? AND ordinal = ?", (node, ordinal)).fetchone()
    return Past(node, ordinal, () if row is None else attempts_of(database, row[0], before))


def attempts_of(database: sqlite3.Connection, test: int, before: int | None = None) -> tuple[PastAttempt, ...]:
    """By the journal's own number of a test, by the iterations before ``before``, if that is given."""
    # Who only reads leaves an older journal as it is.
    known = "known" if schema.version(database) >= _KNOWN_SINCE else "''"
    rows = database.execute(_ATTEMPTS.format(known=known), (test, before if before is not None else _NEVER))
    return tuple(PastAttempt(*row) for row in rows.fetchall())


def that_failed(database: sqlite3.Connection, before: int) -> set[int]:
    """The tests (the journal's numbers) that failed in one of the latest iterations: no other can have been flaky."""
    failing = ", ".join(f"'{outcome}'" for outcome in sorted(FAILING))
    rows = database.execute(
        f"SELECT DISTINCT test FROM result WHERE iteration >= ? AND iteration < ? AND outcome IN ({failing})",
        (before - WINDOW, before),
    )
    return {test for (test,) in rows.fetchall()}


def named(database: sqlite3.Connection, ending: str, most: int) -> list[tuple[str, int]]:
    """The tests whose node id is or ends with a text, the exact one alone if there is one."""
    exact = database.execute("SELECT node, ordinal FROM test WHERE node = ? ORDER BY ordinal", (ending,)).fetchall()
    if exact or not ending:
        return exact
    return database.execute(
        "SELECT node, ordinal FROM test WHERE substr(node, -length(?1)) = ?1 ORDER BY node, ordinal LIMIT ?2",
        (ending, most),
    ).fetchall()


_NEVER = 1 << 62
_KNOWN_SINCE = 2
"""The version of the tables that first had the column."""
_ATTEMPTS = """
    SELECT result.iteration, revision, coalesce(began, 0.0), attempt, tier, outcome, duration, {known}
    FROM result JOIN iteration ON number = result.iteration
    WHERE test = ? AND result.iteration < ? ORDER BY result.iteration, attempt
"""
