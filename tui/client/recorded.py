"""A feed of an iteration that is over, from the journal: ``show`` draws it with the board of a live run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from tui import queries
from tui.client.archive import Archive, JournalArchive
from tui.client.feed import Company
from tui.events import Event, Evidence
from tui.protocol import Accepted, Refused, Request
from tui.state import RunState


class RecordedFeed:
    """A ``feed.Feed`` in which nothing happens any more."""

    def __init__(self, state: RunState, archive: Archive) -> None:
        self.archive = archive
        self._state = state

    @classmethod
    def load(cls, folder: Path, number: int | None = None) -> RecordedFeed:
        """Of the project in a folder of the state, an iteration, or the latest. Raises as ``queries.load`` does."""
        return cls(queries.load(folder, number), JournalArchive(lambda: folder))

    @property
    def state(self) -> RunState:
        return self._state

    @property
    def session(self) -> str:
        return ""

    @property
    def read_only(self) -> str | None:
        number = self._state.iteration
        if self._state.ended is None:
            return f"this is what is recorded of iteration {number} so far: `stagewatch attach` joins it"
        return f"iteration {number} has ended: `stagewatch run` starts the next"

    @property
    def farewell(self) -> str | None:
        return self.read_only

    @property
    def company(self) -> Company:
        return Company()

    async def updates(self) -> AsyncIterator[Sequence[Event]]:
        """Ends at once: all there is has been in ``state`` from the beginning."""
        return
        yield ()

    async def send(self, command: Request) -> Accepted | Refused:
        return Refused(self.read_only or "")

    async def evidence(self, test: int, attempt: int) -> Evidence | None:
        return await self.archive.evidence(self._state.iteration, test, attempt)
