"""The status report as a file that is kept up to date while a run goes on, also when nobody watches."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from tui.documents import write_document
from tui.errors import StagewatchError
from tui.gate import verdict
from tui.state import RunState

_BETWEEN = 2.0
"""Seconds between two writings: it is for people, and a report of 50,000 tests takes a while to put together."""


class ReportFile:
    """Writes ``path`` whenever something has happened. ``complain`` is told once of a file that can't be written."""

    def __init__(self, path: str, state: Callable[[], RunState], complain: Callable[[str], None]) -> None:
        self._path = path
        self._state = state
        self._complain = complain
        self._changed = asyncio.Event()
        self._failed = False

    def happened(self) -> None:
        """There is something new to tell."""
        self._changed.set()

    async def keep(self) -> None:
        """Until cancelled; ``write`` tells what came last."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            self.write()
            await asyncio.sleep(_BETWEEN)

    def write(self) -> None:
        """Now, as it stands."""
        from tui.reports.markdown import report

        state, now = self._state(), time.time()
        try:
            write_document(self._path, report(state, verdict(state, now), now).encode())
        except StagewatchError as error:
            if not self._failed:
                self._failed = True
                self._complain(f"the report: {error}")
