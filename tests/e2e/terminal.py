"""A person's terminal: a real pseudo-terminal, with pyte to see what the program drew, and every byte kept."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import pyte

_PATIENCE = 30.0
ALTERNATE = "1049"


class Terminal:
    """``raw`` is all that was ever sent to it. Use as a context manager."""

    def __init__(
        self, command: Sequence[str], cwd: Path, env: Mapping[str, str], columns: int = 160, rows: int = 45
    ) -> None:
        self._ours, self._theirs = pty.openpty()
        self.raw = b""
        self.patience = _PATIENCE
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self.resize(columns, rows)
        self.before = termios.tcgetattr(self._theirs)
        self.process = subprocess.Popen(
            command, stdin=self._theirs, stdout=self._theirs, stderr=self._theirs, cwd=cwd, env=dict(env),
            start_new_session=True,
        )  # fmt: skip

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._ours)
        os.close(self._theirs)

    def resize(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.screen.resize(rows, columns)

    @property
    def text(self) -> str:
        return "\n".join(row.rstrip() for row in self.screen.display)

    def see(self, words: str, *, gone: bool = False) -> str:
        """Wait until words are on the screen (or no longer are), and return all of it."""
        deadline = time.monotonic() + self.patience
        while (words in self.text) == gone:
            left = deadline - time.monotonic()
            assert left > 0, f"{words!r} {'stayed' if gone else 'never came'}:\n{self.text}"
            self.take(min(left, 0.5))
        return self.text

    def type(self, keys: str) -> None:
        os.write(self._ours, keys.encode())

    def fill(self) -> None:
        """Nobody reads it, and its buffer is full: from now until it is read, it takes nothing."""
        mouth = os.open(os.ttyname(self._theirs), os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
        with suppress(BlockingIOError):
            while True:
                os.write(mouth, b"\0")  # of no effect on any terminal
        os.close(mouth)

    def hang_up(self) -> None:
        """It is gone; nobody is told by a signal, as the program has no terminal that controls it."""
        os.close(self._ours)
        os.close(self._theirs)

    def is_heard(self) -> bool:
        """Whether the program has read all that was typed."""
        return fcntl.ioctl(self._theirs, termios.FIONREAD, b"\0" * 4) == b"\0" * 4

    def end(self) -> int:
        """Wait for the program to end, and take in its last words."""
        deadline = time.monotonic() + self.patience
        while self.process.poll() is None:
            assert time.monotonic() < deadline, f"it does not end:\n{self.text}"
            self.take(0.05)
        while self.take(0.0):
            pass
        return self.process.returncode

    def take(self, patience: float) -> bool:
        ready, _, _ = select.select([self._ours], [], [], patience)
        if ready:
            new = os.read(self._ours, 1 << 16)
            self.raw += new
            self._stream.feed(new)
            if b"\x1b[c" in new:
                self.type("\x1b[?62;22c")  # what every terminal answers when asked what it is
        return bool(ready)

    # What must be so when the board is gone

    def modes_left_set(self) -> set[str]:
        """Private modes that were set and not reset since; autowrap and the cursor are set by nature."""
        left: set[str] = set()
        for modes, letter in re.findall(rb"\x1b\[\?([\d;]+)([hl])", self.raw):
            for mode in modes.decode().split(";"):
                (left.add if letter == b"h" else left.discard)(mode)
        return left - {"7", "25"}

    def cursor_is_shown(self) -> bool:
        said = re.findall(rb"\x1b\[\?25([hl])", self.raw)
        return not said or said[-1] == b"h"

    def keyboard_is_plain(self) -> bool:
        """As many kitty keyboard modes were popped as pushed."""
        return len(re.findall(rb"\x1b\[>\d*u", self.raw)) <= len(re.findall(rb"\x1b\[<\d*u", self.raw))

    def is_cooked(self) -> bool:
        return termios.tcgetattr(self._theirs) == self.before

    def assert_given_back(self) -> str:
        """Everything is as before; returns what was printed after the alternate screen had ended."""
        assert self.modes_left_set() == set()
        assert self.cursor_is_shown()
        assert self.keyboard_is_plain()
        assert self.is_cooked()
        _, ended, after = self.raw.rpartition(b"\x1b[?1049l")
        assert ended, "the board was never drawn"
        return re.sub(r"\x1b\[[\d;?<>=]*[A-Za-z]", "", after.decode()).replace("\r", "")
