"""Whether the target answers: asked before each pass, and again when tests fail.

Tests that fail because their target is down say nothing of it: the first to fail have it asked,
and if it gives no answer the rest is not worth running.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from tui.events import Event, TargetAnswered, TargetUnreachable

_EVERY = 1.0
"""Seconds between two questions while tests fail."""


class Health(Protocol):
    """Who can be asked. ``ask``: why there is no answer, None when there is one."""

    @property
    def url(self) -> str: ...
    async def ask(self) -> str | None: ...


class Reach:
    """Owns what is known of it. ``on_down`` is called when it is found not to answer, ``on_settled`` after a doubt."""

    def __init__(
        self,
        health: Health | None,
        tell: Callable[[Event], None],
        on_down: Callable[[], None],
        on_settled: Callable[[], None],
    ) -> None:
        self._health = health
        self._tell = tell
        self._on_down = on_down
        self._on_settled = on_settled
        self._since = 0.0
        self._asked = float("-inf")
        self._doubted = False
        self._hurry = asyncio.Event()
        self._asking = asyncio.Lock()
        self._looking: asyncio.Task[None] | None = None
        self.why = ""
        """Why it is of no use to run anything now; empty while it answers."""

    @property
    def is_settled(self) -> bool:
        """Whether no question is open."""
        return self._looking is None

    async def ask(self) -> None:
        """Before a pass: whatever was known is asked anew."""
        if self._health is None:
            return
        async with self._asking:
            began = time.time()
            why = await self._health.ask()
            self._asked = time.monotonic()
            if why is None:
                self._since, self.why = began, ""
                self._tell(TargetAnswered(time.time(), self._health.url, began))
            elif not self.why:
                self.why = f"the target does not answer: {self._health.url} ({why})"
                self._tell(TargetUnreachable(time.time(), self._health.url, why, self._since))
                self._on_down()

    def doubt(self) -> None:
        """Something has failed: it may be the target."""
        if self._health is None or self.why:
            return
        self._doubted = True
        self._hurry.clear()
        if self._looking is None:
            self._looking = asyncio.get_running_loop().create_task(self._look())

    def hurry(self) -> None:
        """Nothing else is left to do: an open question is asked at once."""
        self._hurry.set()

    def close(self) -> None:
        """Nobody wants to know any more."""
        if self._looking is not None:
            self._looking.cancel()

    async def _look(self) -> None:
        try:
            while self._doubted and not self.why:
                wait = self._asked + _EVERY - time.monotonic()
                if wait > 0:
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._hurry.wait(), wait)
                self._doubted = False
                await self.ask()
        finally:
            self._looking = None
        self._on_settled()
