"""A service's database: SQLite with a write-ahead log, one connection a process.

``synchronous=NORMAL``: what was committed survives the end of the process in any way (the log is
written before the answer is), and only a power cut could take the last commits. Statements run in
the event loop: each takes microseconds, and nothing else writes to the file.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class Database:
    """The database in ``path``, with the tables of ``schema`` (a script that can run again)."""

    def __init__(self, path: Path, schema: str) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, cached_statements=512)
        self._connection.row_factory = sqlite3.Row
        self._connection.executescript(
            f"PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;\n{schema}"
        )

    def run(self, sql: str, *values: Any) -> int:
        """Run a statement; returns how many rows it changed."""
        return self._connection.execute(sql, values).rowcount

    def one(self, sql: str, *values: Any) -> sqlite3.Row | None:
        """The first row, if there is any."""
        row: sqlite3.Row | None = self._connection.execute(sql, values).fetchone()
        return row

    def all(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        """All rows."""
        return self._connection.execute(sql, values).fetchall()

    def value(self, sql: str, *values: Any) -> Any:
        """The first column of the first row. Raises ``LookupError`` if there is none."""
        if (row := self._connection.execute(sql, values).fetchone()) is None:
            raise LookupError(sql)
        return row[0]

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it, or nothing. Within another one it is a part of that."""
        if self._connection.in_transaction:
            yield
            return
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def close(self) -> None:
        """Write the log back, and let go."""
        self._connection.close()
