"""The board in a real terminal: it is given back, whatever ends the board, and little is sent to it."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LEFT = b"LEFT:"

PROGRAM = """
import asyncio, sys, time
from tests.support.deploy import deploy
from tests.support.small_run import small_run
from tui.app import run_board

async def main():
    what = sys.argv[1]
    feed = deploy().feed()
    if what == "crash":
        async def updates():
            yield ()
            await asyncio.sleep(0.3)
            raise RuntimeError("a bug of the board")
        feed.updates = updates
    playing = None
    if what == "run":
        feed, playing = small_run()
    try:
        print("LEFT:" + await run_board(feed, theme="dark"))
    except RuntimeError as error:
        print("LEFT:crash " + str(error))
        sys.exit(3)

asyncio.run(main())
"""


class Terminal:
    """A pseudo-terminal with the board in it."""

    def __init__(self, what: str, **environ: str) -> None:
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 45, 160, 0, 0))
        env = {
            name: value for name, value in os.environ.items() if name not in {"COLORTERM", "NO_COLOR", "SSH_CONNECTION"}
        }
        env |= {"TERM": "xterm-256color", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", **environ}
        self.before = termios.tcgetattr(theirs)
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, what], stdin=theirs, stdout=theirs, stderr=theirs, cwd=ROOT, env=env,
            start_new_session=True,
        )  # fmt: skip
        self.ours, self.theirs = ours, theirs
        self.sent = b""

    def read_until(self, pattern: bytes, seconds: float = 30.0) -> None:
        until = time.monotonic() + seconds
        while not re.search(pattern, self.sent, re.DOTALL):
            ready, _, _ = select.select([self.ours], [], [], max(0.0, until - time.monotonic()))
            assert ready, f"{pattern!r} did not come: {self.sent[-2000:]!r}"
            self.sent += os.read(self.ours, 1 << 16)

    def type(self, keys: bytes) -> None:
        os.write(self.ours, keys)

    def end(self) -> int:
        return self.process.wait(20)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.ours)
        os.close(self.theirs)

    def is_given_back(self) -> bool:
        """Every mode that was set is reset, after the alternate screen nothing of the board is drawn."""
        board, _, rest = self.sent.rpartition(b"\x1b[?1049l")
        set_ = set(re.findall(rb"\x1b\[\?(\d+)h", board)) - {b"7", b"25"}
        reset = set(re.findall(rb"\x1b\[\?(\d+)l", board + b"\x1b[?1049l" + rest))
        return (
            set_ <= reset
            and b"\x1b[?25h" in rest
            and b"\x1b[?1049h" not in rest
            and rest.index(LEFT) > 0
            and termios.tcgetattr(self.theirs) == self.before
        )


DRAWN = rb"NO-GO|266/466"


@pytest.mark.parametrize(
    ("end", "said", "code"),
    [
        ("ql", "leave", 0),
        ("qs", "stop", 0),
        ("\x03s", "stop", 0),
        (signal.SIGTERM, "leave", 0),
        (signal.SIGHUP, "leave", 0),
        (signal.SIGINT, "leave", 0),
    ],
)
def test_the_terminal_is_given_back(end: str | signal.Signals, said: str, code: int) -> None:
    with Terminal("deploy") as terminal:
        terminal.read_until(DRAWN)
        if isinstance(end, signal.Signals):
            terminal.process.send_signal(end)
        else:
            for key in end:
                terminal.type(key.encode())
                terminal.read_until(rb"The run is not done")
        terminal.read_until(LEFT + rb"[^\r]*\r?\n")
        assert terminal.end() == code
        assert LEFT + said.encode() in terminal.sent
        assert terminal.is_given_back()


def test_a_crash_of_the_board_gives_the_terminal_back_and_is_raised() -> None:
    with Terminal("crash") as terminal:
        terminal.read_until(LEFT + rb"[^\r]*\r?\n")
        assert terminal.end() == 3
        assert b"crash a bug of the board" in terminal.sent
        assert terminal.is_given_back()


def test_no_mouse_is_asked_for() -> None:
    with Terminal("deploy") as terminal:
        terminal.read_until(DRAWN)
        terminal.process.send_signal(signal.SIGTERM)
        terminal.read_until(LEFT)
        terminal.end()
        assert not re.search(rb"\x1b\[\?(1000|1002|1003|1006|1015|1016)h", terminal.sent)


@pytest.mark.parametrize("environ", [{}, {"SSH_CONNECTION": "192.0.2.1 1 192.0.2.2 22"}])
def test_a_run_of_64_tests_sends_less_than_80_kilobytes(environ: dict[str, str]) -> None:
    with Terminal("run", **environ) as terminal:
        terminal.read_until(rb"the run is over", 60)
        terminal.type(b"q")
        terminal.read_until(LEFT)
        terminal.end()
        assert len(terminal.sent) < 80_000
