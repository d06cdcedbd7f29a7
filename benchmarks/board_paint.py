"""From the command to the first whole screen: the board of 500 tests, against an empty Textual application."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from board_keys import Seen
from board_run import STAGEWATCH
from peers import in_turns, ratios

ROUNDS = 10
TESTS = 500
_EMPTY = """
from textual.app import App
from textual.widgets import Static
class Empty(App):
    def compose(self):
        yield Static("PAINTED")
    def key_q(self):
        self.exit()
Empty().run()
"""


def until_painted(command: list[str], words: str) -> float:
    began = time.perf_counter()
    seen = Seen(command)
    seen.until(words)
    took = time.perf_counter() - began
    seen.leave()
    return took


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_STATE_HOME"] = str(Path(folder) / "state")
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # a module is compiled once, not at each start
        project = Path(folder) / "busy"
        project.mkdir()
        session = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("busy_session.py")), "paint", str(TESTS), "100", "5"],
            cwd=project, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert session.stdin is not None and session.stdout is not None
        assert session.stdout.readline() == "ready\n"
        session.stdin.write("go\n")
        session.stdin.flush()
        session.stdout.readline()  # all have run: what is measured does not change any more
        seconds = in_turns(
            ROUNDS,
            board=lambda: until_painted([STAGEWATCH, "attach", "paint", "--read-only", "--theme", "dark"], "TIERS"),
            empty=lambda: until_painted([sys.executable, "-c", _EMPTY], "PAINTED"),
        )
        session.stdin.close()
        session.wait()
    print(f"first paint with {TESTS} tests, {ROUNDS} rounds in turn; ratio: median (least to most)")
    print(
        f"  {ratios(seconds, 'board', 'empty')}   least: {min(seconds['board']):.3f} s, {min(seconds['empty']):.3f} s"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
