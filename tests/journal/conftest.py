from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from tests.journal.runs import place
from tui.events import Event, Evidence
from tui.journal import database
from tui.journal.journal import Journal
from tui.journal.writer import Entry, Writer


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal.open(tmp_path) as journal:
        yield journal


@pytest.fixture
def write(journal: Journal) -> Callable[..., int]:
    """Write a whole iteration at once; returns its number."""

    def write(events: Sequence[Event], evidence: dict[int, Evidence] | None = None, session: str = "s") -> int:
        number = journal.begin(session)
        connection = database.open_again(journal.folder)
        entries = [Entry(recorded, (evidence or {}).get(recorded.seq)) for recorded in place(events)]
        Writer(connection, number).write(entries)
        connection.close()
        return number

    return write
