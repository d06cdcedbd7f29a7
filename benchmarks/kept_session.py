"""A session of the real program on a copy of a project, kept for reruns: what it is asked, and how long that takes."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from real_projects import Copy

from tui.client.live import LiveFeed
from tui.events import PassEnded, TestFinished
from tui.protocol import Refused, Request, Rerun, Stop
from tui.session import records
from tui.state import RunState

STAGEWATCH = str(Path(sys.executable).with_name("stagewatch"))
_PATIENCE = 180.0
_QUIET = 0.25
"""Seconds without work of any process of the session, after which it is at rest."""


@dataclass(frozen=True)
class Took:
    """Seconds from the request: until all results had come back from the journal, and until the pass had ended."""

    result: float
    end: float


class KeptSession:
    """Use ``kept``. One connection that takes in events all the time, as a board does."""

    def __init__(self, record: records.SessionRecord, feed: LiveFeed) -> None:
        self.record = record
        self._feed = feed
        self._changed = asyncio.Condition()
        self.finished: list[tuple[float, TestFinished]] = []
        self._ended: list[tuple[float, int]] = []
        self._reading = asyncio.create_task(self._read())

    @property
    def state(self) -> RunState:
        return self._feed.state

    @property
    def feed(self) -> LiveFeed:
        return self._feed

    async def rerun(self, tests: Sequence[int]) -> Took:
        """Run these again, which exist before and after, and wait for the end."""
        del self.finished[:], self._ended[:]
        began = time.perf_counter()
        number = await self.ask(Rerun("tests", tests=tuple(tests), requested=time.time()))
        await self.until(lambda: any(which == number for _, which in self._ended))
        missing = set(tests) - {event.test for _, event in self.finished}
        if missing:
            raise SystemExit(f"no result of {[self.state.tests[test].node for test in missing]}")
        last = max(at for at, event in self.finished if event.test in tests)
        return Took(last - began, self._ended[-1][0] - began)

    async def ask(self, command: Request) -> int | None:
        reply = await self._feed.send(command)
        if isinstance(reply, Refused):
            raise SystemExit(f"refused: {reply.why}")
        return reply.number

    def id_of(self, node: str) -> int:
        return next(test.id for test in self.state.present() if test.node == node)

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(_PATIENCE), self._changed:
            await self._changed.wait_for(holds)

    async def rest(self) -> None:
        """Until nothing runs and nothing that goes on behind (a full collection) works any more."""
        await self.until(lambda: not self.state.is_running)
        since, before = time.monotonic(), _work(self.record.pid)
        while time.monotonic() - since < _QUIET:
            await asyncio.sleep(0.05)
            now = _work(self.record.pid)
            if now - before > 0.011:
                since, before = time.monotonic(), now

    async def close(self) -> None:
        await self._feed.send(Stop())
        await self._reading
        records.wait_until_gone(self.record, _PATIENCE)

    async def _read(self) -> None:
        async for events in self._feed.updates():
            now = time.perf_counter()
            self.finished += [(now, event) for event in events if isinstance(event, TestFinished)]
            self._ended += [(now, event.number) for event in events if isinstance(event, PassEnded)]
            async with self._changed:
                self._changed.notify_all()


@asynccontextmanager
async def kept(copy: Copy, *arguments: str) -> AsyncIterator[KeptSession]:
    """Collect all of the project, run what ``arguments`` select, and keep the session until the block ends."""
    record = start(copy, *arguments)
    feed = await LiveFeed.connect(Path(record.socket), commands=True)
    session = KeptSession(record, feed)
    try:
        yield session
    finally:
        await session.close()


def start(copy: Copy, *arguments: str, workers: int = 1) -> records.SessionRecord:
    """A session that has run what ``arguments`` select, and stays."""
    command = [STAGEWATCH, "run", *copy.case.paths, "--headless", "--keep", "--python", copy.python]
    command += ["--workers", str(workers), *arguments]
    if copy.case.options:
        command += ["--", *copy.case.options]
    ended = subprocess.run(
        command, cwd=copy.folder, env=copy.environment | own_state(), stdin=subprocess.DEVNULL, capture_output=True,
        text=True, timeout=_PATIENCE * 4, check=False,
    )  # fmt: skip
    root = str(copy.folder.resolve())
    record = next((record for record in records.live() if record.root == root), None)
    if record is None:
        raise SystemExit(f"{' '.join(command)}\nleft no session:\n{ended.stdout[-2000:]}{ended.stderr[-2000:]}")
    return record


def own_state() -> dict[str, str]:
    """Where this benchmark's sessions keep what they keep, in the words of the environment."""
    return {name: os.environ[name] for name in ("XDG_STATE_HOME", "XDG_RUNTIME_DIR") if name in os.environ}


def _work(pid: int) -> float:
    """Seconds of processor time of a session and all that it has started."""
    total = 0.0
    try:
        session = psutil.Process(pid)
        for process in [session, *session.children(recursive=True)]:
            try:
                times = process.cpu_times()
            except psutil.Error:
                continue  # gone meanwhile
            total += times.user + times.system
    except psutil.Error:
        return 0.0
    return total
