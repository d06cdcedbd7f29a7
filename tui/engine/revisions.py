"""Which revision of the target is deployed: read while results come in, and now and then when none do.

One reading serves all that runs at the time. It gives attempts their stamp (``state.stamping`` says how), and when it
names another revision than the one before, a rollout is under way: over, when the same is read a few times in a row.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from tui.events import Event, RevisionRead

BETWEEN = 0.5
"""Seconds between two readings while attempts wait for their stamp, or a rollout is under way."""
IDLE = 5.0
"""Seconds between two readings when nothing waits for them."""
STEADY = 3
"""Readings of one revision in a row that end a rollout: two revisions may be served at once."""
LONGEST_ROLLOUT = 60.0
"""Seconds that a rollout may take before what it has cut off is given up."""
_TRIES = 3
"""Readings without a revision that the end of a pass waits for."""


class VersionUrl(Protocol):
    """Who can be asked."""

    async def read(self) -> tuple[str | None, str]:
        """The revision; None, and why there is none."""


class Revisions:
    """Owns what was read. ``on_rollout`` is called when a revision is read that is not the one before it,
    ``on_read`` after each reading."""

    def __init__(
        self,
        url: VersionUrl | None,
        tell: Callable[[Event], None],
        on_rollout: Callable[[], None],
        on_read: Callable[[], None],
    ) -> None:
        self._url = url
        self._tell = tell
        self._on_rollout = on_rollout
        self._on_read = on_read
        self._why = ""
        self._waiting: list[float] = []  # when the attempts ended that have no stamp yet
        self._asked = float("-inf")  # by the clock that never jumps
        self._latest: RevisionRead | None = None
        self._failures = 0
        self._in_a_row = STEADY
        self._rolling_since = 0.0
        self._hurried = False
        self._wake = asyncio.Event()
        self._reading = asyncio.Lock()
        self._watching: asyncio.Task[None] | None = None
        self.revision: str | None = None
        """What was read last."""
        self.has_moved = False
        """Whether another revision was read than the one that this iteration is about."""

    @property
    def is_steady(self) -> bool:
        """Whether no rollout is under way."""
        return self._in_a_row >= STEADY

    @property
    def is_given_up(self) -> bool:
        """Whether a rollout takes longer than anybody waits for."""
        return not self.is_steady and time.monotonic() - self._rolling_since > LONGEST_ROLLOUT

    @property
    def has_stamped(self) -> bool:
        """Whether every attempt has its stamp, or will have none."""
        return not self._waiting or self._failures >= _TRIES

    def start(self) -> None:
        """Read from now on."""
        if self._url is not None:
            self._watching = asyncio.get_running_loop().create_task(self._watch())

    def close(self) -> None:
        if self._watching is not None:
            self._watching.cancel()

    def result_came(self, at: float) -> None:
        """An attempt has ended: what is asked from now on is asked after it."""
        if self._url is not None:
            if not self._waiting:
                self._failures = 0
                self._wake.set()
            self._waiting.append(at)

    def hurry(self) -> None:
        """Nothing else is left to wait for. One that has just failed is not asked again at once."""
        if not self._failures and self.is_steady:
            self._hurried = True
            self._wake.set()

    async def ask(self) -> None:
        """Before a pass: whatever was known is read anew."""
        if self._url is not None:
            await self._read()

    async def settle(self) -> bool:
        """Wait for the end of a rollout; False, when it takes too long."""
        while not self.is_steady and not self.is_given_up:
            await asyncio.sleep(max(0.0, self._asked + BETWEEN - time.monotonic()))
            await self._read()
        return self.is_steady

    def begin_again(self) -> None:
        """The next iteration: it is about what was read last."""
        self.has_moved = False
        self._waiting = []
        if self._latest is not None:
            self._tell(self._latest)

    async def _watch(self) -> None:
        while True:
            while not self._hurried and (wait := self._due() - time.monotonic()) > 0:
                self._wake.clear()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), wait)
            self._hurried = False
            await self._read()

    def _due(self) -> float:
        waits = not self.has_stamped or not (self.is_steady or self.is_given_up)
        return self._asked + (BETWEEN if waits else IDLE)

    async def _read(self) -> None:
        assert self._url is not None
        async with self._reading:
            asked = time.time()
            revision, why = await self._url.read()
            self._asked = time.monotonic()
            self._take(RevisionRead(time.time(), revision, asked, why))
        self._on_read()

    def _take(self, read: RevisionRead) -> None:
        revision, before, was_steady = read.revision, self.revision, self.is_steady
        is_news = read.why != self._why or (revision is not None and revision != before)
        self._why = read.why
        if revision is None:
            self._failures += 1
        else:
            self._failures = 0
            is_news = is_news or any(ended <= read.asked for ended in self._waiting)
            self._waiting = [ended for ended in self._waiting if ended > read.asked]
            self._latest, self.revision = read, revision
            self._in_a_row = self._in_a_row + 1 if revision == before or before is None else 1
        if is_news:
            self._tell(read)
        if revision is not None and before is not None and revision != before:
            if was_steady:
                self._rolling_since = time.monotonic()
            self.has_moved = True
            self._on_rollout()
