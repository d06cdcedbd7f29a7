"""What a viewer may look up besides the run it watches: the project's iterations, and the past of a test.

Read from the journal on this machine, each time in a thread: the disk may be slow, and the board goes on drawing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from tui import queries
from tui.events import Evidence
from tui.queries import IterationSummary
from tui.state import RunState
from tui.state.past import Past


class Archive(Protocol):
    """Raises StagewatchError where the journal can't be read."""

    async def iterations(self, newest: int) -> list[IterationSummary]:
        """The latest, oldest first."""

    async def iteration(self, number: int, until: int | None = None) -> RunState:
        """One of them, as its events tell it; ``until``: as it was after that one."""

    async def past(self, node: str, ordinal: int) -> Past:
        """What a test has done in all of them."""

    async def evidence(self, number: int, test: int, attempt: int) -> Evidence | None:
        """What an attempt (1 upwards) of a test of one of them left behind."""


class JournalArchive:
    """An ``Archive`` of the project in a folder of the state; ``folder`` is asked for when it is needed."""

    def __init__(self, folder: Callable[[], Path]) -> None:
        self._folder = folder

    async def iterations(self, newest: int) -> list[IterationSummary]:
        return await asyncio.to_thread(lambda: queries.history(self._folder(), newest))

    async def iteration(self, number: int, until: int | None = None) -> RunState:
        return await asyncio.to_thread(lambda: queries.load(self._folder(), number, until))

    async def past(self, node: str, ordinal: int) -> Past:
        return await asyncio.to_thread(lambda: queries.past_of(self._folder(), node, ordinal))

    async def evidence(self, number: int, test: int, attempt: int) -> Evidence | None:
        return await asyncio.to_thread(lambda: queries.evidence(self._folder(), number, test, attempt))
