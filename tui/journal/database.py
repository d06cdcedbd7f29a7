"""Opening the file, and saying in words why it can't be used."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tui.errors import StagewatchError
from tui.journal import schema
from tui.journal.filesystem import network_type

FILE = "journal.sqlite3"

PATIENCE = 3.0
"""Seconds to wait for another process's lock. It is held for milliseconds; longer means that something is wrong."""


class CannotRecord(StagewatchError):
    """The journal can't be written. A run goes on without it, and says so: its verdict is at most inconclusive."""


def open_for_writing(folder: Path) -> sqlite3.Connection:
    """The journal in ``folder``, made or migrated if need be.

    Raises CannotRecord when it can't be written, and StagewatchError when it must not be: on a network
    file system, or when a newer Stagewatch wrote it.
    """
    _refuse_network(folder)
    path = folder / FILE
    with trouble(path):
        # Made here and not by SQLite, which would leave the mode to the umask; its side files copy it.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        return _checked(sqlite3.connect(path, timeout=PATIENCE, isolation_level=None), path)


def open_again(folder: Path) -> sqlite3.Connection:
    """One more connection to a journal that is known to be good; it is never made anew."""
    path = folder / FILE
    database = sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, timeout=PATIENCE, isolation_level=None)
    database.execute("PRAGMA synchronous = NORMAL")
    return database


def open_for_reading(folder: Path) -> sqlite3.Connection | None:
    """The journal in ``folder``; None when there is none yet. Raises StagewatchError when it can't be read."""
    path = folder / FILE
    if not path.exists():
        return None
    with trouble(path, verb="read"):
        database = _readable(path)
        try:
            schema.refuse_newer(database, path)
            if schema.version(database):
                return database
        except BaseException:
            database.close()
            raise
        database.close()
        return None


@contextmanager
def trouble(path: Path, verb: str = "written") -> Iterator[None]:
    """Turn what SQLite and the system say into one sentence: CannotRecord, or StagewatchError when reading."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        kind = CannotRecord if verb == "written" else StagewatchError
        raise kind(f"the journal {path} can't be {verb}: {explain(error)}") from error


def explain(error: Exception) -> str:
    """Why it did not work, in a few words."""
    if isinstance(error, OSError):
        return error.strerror or str(error)
    name = getattr(error, "sqlite_errorname", None) or ""
    for prefix, words in _WORDS.items():
        if name.startswith(prefix):
            return words
    return str(error) or type(error).__name__


_WORDS = {
    "SQLITE_FULL": "the disk is full",
    "SQLITE_READONLY": "it is read-only",
    "SQLITE_BUSY": f"another process has kept it locked for {PATIENCE:g} seconds",
    "SQLITE_NOTADB": "it is not a journal; move it away and run again",
    "SQLITE_CORRUPT": "it is damaged; move it away and run again",
    "SQLITE_IOERR": "the disk refuses (input/output error)",
    "SQLITE_CANTOPEN": "it can't be opened",
}


def _refuse_network(folder: Path) -> None:
    kind = network_type(folder)
    if kind is not None:
        raise StagewatchError(
            f"the journal can't be kept in {folder}, which is on a network file system ({kind}); "
            "set XDG_STATE_HOME to a folder on a local disk"
        )


def _checked(database: sqlite3.Connection, path: Path) -> sqlite3.Connection:
    try:
        schema.refuse_newer(database, path)
        if database.execute("PRAGMA journal_mode").fetchone() != ("wal",):
            mode = database.execute("PRAGMA journal_mode = WAL").fetchone()[0]
            if mode != "wal":
                raise StagewatchError(
                    f"the journal can't be kept in {path.parent}: the file system has no shared memory for it; "
                    "set XDG_STATE_HOME to a folder on a local disk"
                )
        database.execute("PRAGMA synchronous = NORMAL")
        schema.bring_up_to_date(database)
    except BaseException:
        database.close()
        raise
    return database


def _readable(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=PATIENCE, isolation_level=None)
    try:
        schema.version(database)
    except sqlite3.OperationalError:
        database.close()
        if Path(f"{path}-wal").exists():
            raise
        # In a folder that can't be written SQLite can't make the log's index; without a log there is nothing to index.
        return sqlite3.connect(f"{path.as_uri()}?immutable=1", uri=True, isolation_level=None)
    except BaseException:
        database.close()
        raise
    return database
