"""Which sessions there are: a record a session, locked for as long as that lives.

The kernel lets go of a lock when its process dies, however it dies, so a record never lies about
being alive.
"""

from __future__ import annotations

import fcntl
import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

import msgspec

from tui import places


class SessionRecord(msgspec.Struct, frozen=True):
    """``mark`` is in the environment of everything that the session starts (``NAME=value``)."""

    name: str
    pid: int
    root: str
    socket: str
    iteration: int
    began: float
    mark: str


class HeldRecord:
    """This session's own record, on disk until ``release``."""

    def __init__(self, record: SessionRecord) -> None:
        self._record = record
        self._path = places.sessions_folder() / f"{record.name}.json"
        self._file: IO[bytes] = self._path.open("wb")
        self._path.chmod(0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX)
        self._file.write(msgspec.json.encode(record))
        self._file.flush()

    def say(self, iteration: int) -> None:
        """It is on another iteration. Whoever reads it meanwhile reads one or the other."""
        self._record = msgspec.structs.replace(self._record, iteration=iteration)
        text = msgspec.json.encode(self._record)
        size = os.pwrite(self._file.fileno(), text, 0)
        self._file.truncate(size)

    def release(self) -> None:
        self._path.unlink(missing_ok=True)
        self._file.close()


def live() -> list[SessionRecord]:
    """The sessions that are alive, oldest first."""
    return sorted((record for record, alive in _records() if alive), key=lambda record: record.began)


def is_alive(record: SessionRecord) -> bool:
    return any(one.name == record.name for one in live())


def terminate(record: SessionRecord) -> None:
    """Have a session end that can't be asked to. Its record is locked, so its process id is still its own."""
    if is_alive(record):
        with suppress(ProcessLookupError):
            os.kill(record.pid, signal.SIGTERM)


def wait_until_gone(record: SessionRecord, patience: float) -> bool:
    """Whether it has ended within ``patience`` seconds."""
    until = time.monotonic() + patience
    while is_alive(record):
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


def take_dead() -> list[SessionRecord]:
    """The sessions that died without a word; each is told once, to whoever asks first."""
    return [record for record, alive in _records(remove_dead=True) if not alive]


def _records(*, remove_dead: bool = False) -> Iterator[tuple[SessionRecord, bool]]:
    for path in sorted(places.sessions_folder().glob("*.json")):
        try:
            with path.open("rb") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    alive = False
                except BlockingIOError:
                    alive = True
                record = msgspec.json.decode(file.read(), type=SessionRecord)
                if remove_dead and not alive:
                    path.unlink(missing_ok=True)
        except (OSError, msgspec.DecodeError):
            continue  # it ended while we looked, or has only just begun
        yield record, alive


class ProjectLock:
    """At most one session a project: two would write one journal and meet in the project's own files."""

    def __init__(self, root: Path) -> None:
        self._path = places.project_folder(root) / "lock"
        self._file: IO[bytes] | None = None

    def take(self) -> bool:
        """False when another session has it."""
        file = self._path.open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        self._file = file
        return True

    def release(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


class _Document(msgspec.Struct, frozen=True):
    version: int
    sessions: tuple[SessionRecord, ...]


def document(sessions: list[SessionRecord]) -> bytes:
    """The JSON of ``sessions --json``."""
    return msgspec.json.encode(_Document(1, tuple(msgspec.structs.replace(record, mark="") for record in sessions)))
