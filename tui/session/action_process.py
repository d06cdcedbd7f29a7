"""One command that a session runs for an action: from its start to the end of all that it has started."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tui.engine.orphans import end_marked
from tui.events import Exit

GRACE = 5.0
"""Seconds between TERM and KILL."""
_LAST_WORDS = 1.0
"""Seconds that are waited for output after its end: a process that it has left behind may hold the pipe."""
_CHUNK = 64 * 1024


class ActionProcess:
    """Runs in a process group of its own, without a terminal and with nothing on its standard input."""

    def __init__(self, mark: str, hear: Callable[[bytes], None]) -> None:
        """``mark`` (``NAME=value``) is in its environment, and no other's. ``hear`` gets its output as it comes."""
        self._mark = mark
        self._hear = hear
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._hears = True

    async def start(self, command: Sequence[str], cwd: Path, environment: Mapping[str, str]) -> None:
        """Raises OSError when it can't be."""
        name, _, value = self._mark.partition("=")
        # A pipe of our own: asyncio takes a process for alive while anybody holds one of asyncio's.
        source, sink = os.pipe()
        try:
            self._process = await asyncio.create_subprocess_exec(
                *command, stdin=asyncio.subprocess.DEVNULL, stdout=sink, stderr=sink, cwd=cwd,
                env={**environment, name: value}, start_new_session=True,
            )  # fmt: skip
        except BaseException:
            os.close(source)
            raise
        finally:
            os.close(sink)
        self._reading = asyncio.get_running_loop().create_task(self._read(source))

    async def ended(self, limit: float) -> Exit | None:
        """Wait for its end and its last words; None when ``limit`` seconds are over and it runs still."""
        process, reading = self._process, self._reading
        assert process is not None and reading is not None
        try:
            async with asyncio.timeout(limit):
                await process.wait()
        except TimeoutError:
            return None
        await asyncio.wait([reading], timeout=_LAST_WORDS)
        self._hears = False
        return _exit(process.returncode or 0)

    async def end(self) -> Exit:
        """It is told to (TERM), then made to (KILL), with all that it has started; how it ended."""
        process = self._process
        assert process is not None
        self._signal(signal.SIGTERM)
        ended = await self.ended(GRACE)
        self._signal(signal.SIGKILL)
        if ended is None:
            ended = await self.ended(GRACE)
        await self.end_rest()
        return ended or Exit(signal="SIGKILL")

    async def end_rest(self) -> None:
        """End what it has left behind, wherever that went."""
        await asyncio.to_thread(end_marked, self._mark)
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait([self._reading])

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)

    async def _read(self, source: int) -> None:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=_CHUNK)
        with open(source, "rb", buffering=0) as pipe:
            transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
            try:
                while chunk := await reader.read(_CHUNK):
                    if self._hears:  # what it has left behind may say on what it likes, and not die of that
                        self._hear(chunk)
            finally:
                transport.close()


def _exit(code: int) -> Exit:
    if code >= 0:
        return Exit(code)
    return Exit(signal=signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}")
