"""The tables, and how an older journal becomes one of today.

``event`` and ``evidence`` are what was recorded. ``test``, ``result``, ``warmth`` and the columns of
``iteration`` behind ``session`` are derived from the events (``derived.py``) and only there to be
searched: they can be thrown away and made again.
"""

from __future__ import annotations

import sqlite3

from tui.errors import StagewatchError

VERSION = 3
"""Of the tables, in ``PRAGMA user_version``. A change adds a migration and a file in tests/journal/versions."""

_TABLES = """
CREATE TABLE iteration (
    number   INTEGER PRIMARY KEY,
    session  TEXT NOT NULL,
    state    TEXT NOT NULL DEFAULT 'running',
    began    REAL,
    ended    REAL,
    revision TEXT
);
CREATE TABLE event (
    iteration INTEGER NOT NULL,
    seq       INTEGER NOT NULL,
    body      BLOB NOT NULL,
    PRIMARY KEY (iteration, seq)
);
CREATE TABLE evidence (
    iteration INTEGER NOT NULL,
    run_test  INTEGER NOT NULL,
    attempt   INTEGER NOT NULL,
    body      BLOB NOT NULL,
    PRIMARY KEY (iteration, run_test, attempt)
);
CREATE TABLE test (
    id      INTEGER PRIMARY KEY,
    node    TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    UNIQUE (node, ordinal)
);
CREATE TABLE result (
    iteration INTEGER NOT NULL,
    test      INTEGER NOT NULL REFERENCES test (id),
    attempt   INTEGER NOT NULL,
    tier      TEXT NOT NULL,
    outcome   TEXT NOT NULL,
    duration  REAL NOT NULL,
    stands    INTEGER NOT NULL,
    known     TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (iteration, test, attempt)
) WITHOUT ROWID;
CREATE INDEX result_of_test ON result (test, iteration, attempt, outcome, duration);
"""
_WARMTH = """
CREATE TABLE warmth (
    iteration INTEGER NOT NULL,
    path      TEXT NOT NULL,
    at        REAL NOT NULL,
    trusted   INTEGER NOT NULL
)
"""

_MIGRATIONS: dict[int, str] = {
    1: "ALTER TABLE result ADD COLUMN known TEXT NOT NULL DEFAULT ''",
    2: _WARMTH,
}
"""By the version they start from: the statements that lead to the next one."""


def version(database: sqlite3.Connection) -> int:
    """Of the tables in a file; 0 while there are none."""
    found: int = database.execute("PRAGMA user_version").fetchone()[0]
    return found


def refuse_newer(database: sqlite3.Connection, path: object) -> None:
    """Raises StagewatchError for a journal that only a newer Stagewatch understands."""
    found = version(database)
    if found > VERSION:
        raise StagewatchError(
            f"the journal {path} was written by a newer Stagewatch (version {found}, this one reads up to {VERSION}); "
            "update Stagewatch, or set XDG_STATE_HOME to start a journal elsewhere"
        )


def bring_up_to_date(database: sqlite3.Connection) -> None:
    """Make the tables, or lead those of an older version to today's, in one transaction."""
    if version(database) == VERSION:
        return
    database.execute("BEGIN IMMEDIATE")
    try:
        # Looked at again: another process may have done it while we waited for the lock.
        while (found := version(database)) < VERSION:
            script = _TABLES + _WARMTH if found == 0 else _MIGRATIONS[found]
            for statement in script.split(";"):
                database.execute(statement)
            database.execute(f"PRAGMA user_version = {VERSION if found == 0 else found + 1}")
        database.execute("COMMIT")
    except BaseException:
        database.execute("ROLLBACK")
        raise
