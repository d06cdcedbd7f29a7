"""The journal of one project: what it holds, and the claims on it. Writing an iteration is the recorder's."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

import msgspec

from tui.errors import StagewatchError
from tui.events import VERSION, Evidence, IterationBegan, IterationEnded, Overridden, Recorded, Trusted
from tui.journal import baseline as expectations
from tui.journal import database, warmth, writer
from tui.journal import past as pasts
from tui.journal.baseline import Baseline, TestName
from tui.journal.derived import DECODER
from tui.journal.evidence import unpack
from tui.state.past import Past


class Identity(NamedTuple):
    """Which files the journal's are, so that a deleted or replaced one is noticed. (Device, inode) of each."""

    file: tuple[int, int]
    log: tuple[int, int]


class Journal:
    """An open journal. It belongs to the thread that opened it; close it, or use it as a context manager.

    What SQLite can't do is raised as StagewatchError; as its kind CannotRecord, when it was to be written.
    """

    def __init__(self, folder: Path, connection: sqlite3.Connection) -> None:
        self.folder = folder
        self.path = folder / database.FILE
        self._database = connection

    @classmethod
    def open(cls, folder: Path) -> Journal:
        """To read and to begin iterations. Raises as ``database.open_for_writing`` does."""
        folder = folder.resolve()
        return cls(folder, database.open_for_writing(folder))

    @classmethod
    def read(cls, folder: Path) -> Journal | None:
        """Only to read, also from a folder that can't be written; None when nothing was ever recorded here."""
        folder = folder.resolve()
        connection = database.open_for_reading(folder)
        return None if connection is None else cls(folder, connection)

    def close(self) -> None:
        self._database.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def begin(self, session: str) -> int:
        """The next iteration's number, held by ``session`` from here on until its ``IterationEnded`` is recorded."""
        with self._written() as execute:
            number: int = execute("SELECT coalesce(max(number), 0) + 1 FROM iteration").fetchone()[0]
            execute("INSERT INTO iteration (number, session) VALUES (?, ?)", (number, session))
        return number

    def interrupt_orphans(self, is_alive: Callable[[str], bool]) -> list[int]:
        """End the iterations whose session is dead, and name them.

        Their end is when they were last heard of, so that their duration is not the time nobody looked. One that
        was begun but never got an event is closed without a word: nobody has seen it.
        """
        with database.trouble(self.path):
            running = self._database.execute("SELECT number, session FROM iteration WHERE state = 'running'").fetchall()
            return [number for number, session in running if not is_alive(session) and self._interrupt(number)]

    def _interrupt(self, number: int) -> bool:
        row = self._database.execute(
            "SELECT body FROM event WHERE iteration = ? ORDER BY seq DESC LIMIT 1", (number,)
        ).fetchone()
        if row is None:
            self._database.execute("UPDATE iteration SET state = 'interrupted' WHERE number = ?", (number,))
            return False
        ended = IterationEnded(
            at=DECODER.decode(row[0]).at,
            interrupted=True,
            why="the session ended without a word: it was killed, or the machine went down",
        )
        try:
            writer.append(self._database, number, [ended])
        except sqlite3.IntegrityError:
            # Another process came first with the same event.
            return False
        return True

    def override(self, iteration: int, at: float, by: str, why: str) -> None:
        """Record that somebody lets the deploy go on, behind the last event of an iteration that no session writes."""
        with database.trouble(self.path):
            writer.append(self._database, iteration, [Overridden(at, by, why)])

    def trust(self, at: float, by: str, paths: tuple[str, ...]) -> None:
        """Record that these modules may run warm again, behind the last event of the latest iteration."""
        numbers = self.numbers()
        with database.trouble(self.path):
            writer.append(self._database, numbers[-1], [Trusted(at, paths, by)])

    def distrusted(self) -> dict[str, tuple[int, float]]:
        """The modules that run cold as warm and cold have disagreed: in which iteration they last did, and when."""
        with database.trouble(self.path, verb="read"):
            return warmth.distrusted(self._database)

    def numbers(self) -> list[int]:
        """Of all iterations that have events, oldest first."""
        with database.trouble(self.path, verb="read"):
            return [number for (number,) in self._database.execute(_NUMBERS)]

    def events(self, iteration: int) -> Iterator[Recorded]:
        """All events of an iteration, in order. Raises StagewatchError when a newer Stagewatch recorded them."""
        with database.trouble(self.path, verb="read"):
            rows = self._database.execute("SELECT seq, body FROM event WHERE iteration = ? ORDER BY seq", (iteration,))
            for seq, body in rows.fetchall():
                try:
                    event = DECODER.decode(body)
                except msgspec.ValidationError as error:
                    raise _newer(iteration) from error
                if isinstance(event, IterationBegan) and event.version > VERSION:
                    raise _newer(iteration)
                yield Recorded(seq, event)

    def evidence(self, iteration: int, test: int, attempt: int) -> Evidence | None:
        """What an attempt left behind. ``test`` is the run's number of it; ``attempt`` counts from 1."""
        with database.trouble(self.path, verb="read"):
            row = self._database.execute(
                "SELECT body FROM evidence WHERE iteration = ? AND run_test = ? AND attempt = ?",
                (iteration, test, attempt),
            ).fetchone()
        return None if row is None else unpack(row[0])

    def baseline(self, before: int, tests: Iterable[TestName] | None = None) -> Baseline:
        """What the iterations before ``before`` lead one to expect of tests (None: of all that were ever recorded)."""
        with database.trouble(self.path, verb="read"):
            return expectations.baseline(self._database, before, tests)

    def trend(self, before: int) -> dict[str, tuple[int, ...]]:
        """By tier, how many tests failed in each of the latest iterations before ``before``, oldest first."""
        with database.trouble(self.path, verb="read"):
            return expectations.trend(self._database, before)

    def past(self, node: str, ordinal: int) -> Past:
        """What a test has done in all iterations."""
        with database.trouble(self.path, verb="read"):
            return pasts.past(self._database, node, ordinal)

    def named(self, ending: str, most: int) -> list[tuple[str, int]]:
        """Node id and ordinal of the tests that are called so, or whose node ids end so."""
        with database.trouble(self.path, verb="read"):
            return pasts.named(self._database, ending, most)

    def identity(self) -> Identity:
        """Raises OSError when a file is missing."""
        return Identity(_identity(self.path), _identity(Path(f"{self.path}-wal")))

    @contextmanager
    def _written(self) -> Iterator[Callable[..., sqlite3.Cursor]]:
        with database.trouble(self.path):
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield self._database.execute
                self._database.execute("COMMIT")
            except BaseException:
                if self._database.in_transaction:
                    self._database.execute("ROLLBACK")
                raise


_NUMBERS = """
    SELECT number FROM iteration WHERE EXISTS (SELECT 1 FROM event WHERE iteration = number) ORDER BY number
"""


def _identity(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_dev, found.st_ino


def _newer(iteration: int) -> StagewatchError:
    return StagewatchError(f"iteration {iteration} was recorded by a newer Stagewatch; update Stagewatch to read it")
