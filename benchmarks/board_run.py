"""A run with the board open, in a terminal of its own that counts what it is sent."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import struct
import sys
import termios
import threading
import time
from contextlib import suppress
from pathlib import Path

from tui.client.live import LiveFeed
from tui.errors import StagewatchError
from tui.protocol import Stop
from tui.session import records


class Terminal:
    """A pseudo-terminal with a program in it. ``sent``: bytes that the program wrote."""

    def __init__(self, command: list[str], cwd: Path, columns: int = 160, rows: int = 45) -> None:
        self.sent = 0
        self.began = time.perf_counter()
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            os.chdir(cwd)
            os.environ.update(TERM="xterm-256color", COLORTERM="")
            os.execv(command[0], command)
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def close(self, key: str = "") -> None:
        """Wait for its end. ``key`` is typed until then: a board that asks for the colours takes none."""
        while os.waitpid(self.pid, os.WNOHANG if key else 0) == (0, 0):
            self.type(key)
            time.sleep(0.2)
        self._reader.join()
        os.close(self._fd)

    def type(self, keys: str) -> None:
        os.write(self._fd, keys.encode())

    def _read(self) -> None:
        try:
            while data := os.read(self._fd, 1 << 16):
                self.sent += len(data)
        except OSError:
            return  # its program has ended


STAGEWATCH = str(Path(sys.executable).with_name("stagewatch"))


async def run_with_board(project: Path, *command: str) -> tuple[float, int]:
    """Seconds from the command to the end of the first pass, and bytes sent to the terminal by then."""
    terminal = Terminal([STAGEWATCH, *command], project)
    while not (feed := await _session_of(project)):
        await asyncio.sleep(0.01)
    updates = feed.updates()
    while feed.state.is_running:
        await anext(updates)
    seconds, sent = time.perf_counter() - terminal.began, terminal.sent
    ask = asyncio.create_task(feed.send(Stop()))
    async for _ in updates:
        pass
    await ask
    await feed.close()
    terminal.close("q")
    return seconds, sent


async def _session_of(project: Path) -> LiveFeed | None:
    for record in records.live():
        if record.root == str(project.resolve()):
            with suppress(StagewatchError):  # it does not listen yet
                return await LiveFeed.connect(Path(record.socket), commands=True)
    return None
