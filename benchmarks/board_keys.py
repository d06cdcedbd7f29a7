"""How soon the board answers a key while results pour in, against the same board with none.

A session that tells 2,000 results a second of 50,000 tests, for a minute; the real board in a pseudo-terminal,
attached to it; a key is answered when the terminal shows the cursor on another row.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import select
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

import pyte

COLUMNS, ROWS = 160, 45
BETWEEN = 0.15
"""Seconds between two keys, at most: a steady hand."""
PATIENCE = 10.0


class Seen:
    """The board in a terminal in memory."""

    def __init__(self, command: list[str]) -> None:
        self._screen = pyte.Screen(COLUMNS, ROWS)
        self._stream = pyte.ByteStream(self._screen)
        self.sent = 0
        self._columns: list[int] = []
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="xterm-256color", COLORTERM="")
            os.execv(command[0], command)
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))

    def key(self, key: str) -> float:
        """Seconds until the cursor is elsewhere."""
        before = self.cursor()
        began = time.perf_counter()
        os.write(self._fd, key.encode())
        while self.cursor() == before:
            self.read(began + PATIENCE - time.perf_counter())
        return time.perf_counter() - began

    def press(self, key: str) -> None:
        os.write(self._fd, key.encode())

    def until(self, words: str) -> None:
        end = time.perf_counter() + 60
        while not any(words in row for row in self._screen.display):
            self.read(end - time.perf_counter())

    def rest(self, seconds: float) -> None:
        """Take what comes for a while."""
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            if select.select([self._fd], [], [], left)[0]:
                self.read(0)

    def read(self, patience: float) -> None:
        if not select.select([self._fd], [], [], max(0, patience))[0]:
            raise SystemExit("the board did not answer:\n" + "\n".join(self._screen.display))
        data = os.read(self._fd, 1 << 16)
        self.sent += len(data)
        self._stream.feed(data)

    def cursor(self) -> list[tuple[int, int]]:
        """Where the marks of the selected rows are. (Not by ``display``, which puts together all rows anew.)"""
        return [
            (x, y) for y, row in self._screen.buffer.items() for x in self._columns if row[x].data == "▌"
        ]  # fmt: skip

    def look_for_cursors(self) -> None:
        """Which columns such marks are in."""
        self._columns = sorted({x for row in self._screen.display for x, cell in enumerate(row) if cell == "▌"})

    def close(self) -> None:
        """Of a board that drives a run."""
        self.press("q")
        self.until("leave it running")
        self.leave("l")

    def leave(self, key: str = "q") -> None:
        self.press(key)
        while True:
            try:
                if not os.read(self._fd, 1 << 16):
                    break
            except OSError:
                break
        os.waitpid(self.pid, 0)


def presses(board: Seen, seconds: float) -> list[float]:
    """Down and up in the list of tests, so that the cursor moves each time."""
    took, end, down = [], time.perf_counter() + seconds, True
    while time.perf_counter() < end:
        took.append(board.key("j" if down else "k"))
        down = not down
        board.rest(BETWEEN)
    return took


def shown(name: str, took: list[float]) -> tuple[float, float]:
    middle, high = statistics.median(took), statistics.quantiles(took, n=20)[-1]
    print(f"{name:28}{len(took):5} keys   p50 {middle * 1000:6.1f} ms   p95 {high * 1000:6.1f} ms")
    return middle, high


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tests", type=int, default=50_000)
    parser.add_argument("--rate", type=int, default=2_000)
    parser.add_argument("--seconds", type=float, default=60.0)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_STATE_HOME"] = str(Path(folder) / "state")
        project = Path(folder) / "busy"
        project.mkdir()
        command = [
            sys.executable, str(Path(__file__).with_name("busy_session.py")), "busy",
            str(chosen.tests), str(chosen.rate), str(chosen.seconds),
        ]  # fmt: skip
        session = subprocess.Popen(command, cwd=project, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert session.stdin is not None and session.stdout is not None
        assert session.stdout.readline() == "ready\n"
        board = Seen([str(Path(sys.executable).with_name("stagewatch")), "attach", "busy"])
        board.until("TIERS")
        board.press("\t\t")
        board.rest(2)
        board.look_for_cursors()
        idle = shown("idle", presses(board, 20))
        session.stdin.write("go\n")
        session.stdin.flush()
        before = board.sent
        busy = shown(f"{chosen.rate} results a second", presses(board, chosen.seconds - 2))
        told, took = session.stdout.readline().split()
        print(f"told {told} results in {took} s; {(board.sent - before) / chosen.seconds / 1000:.1f} kB a second drawn")
        print(f"ratio busy to idle: p50 {busy[0] / idle[0]:.2f}, p95 {busy[1] / idle[1]:.2f}")
        board.close()
        session.stdin.close()
        session.wait()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
