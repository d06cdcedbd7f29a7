"""What a viewer knows a run by: a live session and an old iteration look alike from here.

``client.live`` is a feed from a session's socket; ``client.recorded`` one from the journal.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from tui.client.archive import Archive
from tui.events import Event, Evidence
from tui.protocol import Accepted, Refused, Request
from tui.state import RunState


@dataclass(frozen=True)
class Company:
    """Who looks at a session besides this viewer: ``driver`` (empty: this one, or nobody), ``watchers``.

    ``asking``: who asks this viewer for the keys. ``told``: what has last been decided about them.
    """

    driver: str = ""
    watchers: tuple[str, ...] = ()
    asking: str = ""
    told: str = ""


class Feed(Protocol):
    """A state that grows, and a way to ask for things."""

    @property
    def state(self) -> RunState:
        """The run as far as this viewer knows it. The object may be replaced by a newer one."""

    @property
    def session(self) -> str:
        """The session's name, by which ``stagewatch attach`` finds it; empty when there is none."""

    @property
    def read_only(self) -> str | None:
        """Why commands of this viewer are not taken, in a few words ("ann@pts/3 drives"); None when they are."""

    @property
    def company(self) -> Company:
        """Who else is there."""

    def updates(self) -> AsyncIterator[Sequence[Event]]:
        """Batches of events that ``state`` has just taken in; an empty batch when all of it is new.

        Ends when nothing can follow; ``farewell`` then says why.
        """

    @property
    def farewell(self) -> str | None:
        """Why the updates ended."""

    async def send(self, command: Request) -> Accepted | Refused:
        """Ask the session for something."""

    @property
    def archive(self) -> Archive:
        """The project's iterations, this one among them."""

    async def evidence(self, test: int, attempt: int) -> Evidence | None:
        """What an attempt (1 upwards) of a test left behind."""
