"""A whole run, with the board open and headless, against plain pytest and ``pytest -n 2``."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from pathlib import Path

from board_run import run_with_board
from peers import in_turns, python_with, ratios, trivial_project, whole_process

ROUNDS = 5


def main() -> int:
    python = python_with("pytest", "pytest-xdist")
    stagewatch = str(Path(sys.executable).with_name("stagewatch"))
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_STATE_HOME"] = str(Path(folder) / "state")
        large = trivial_project(Path(folder) / "large", 50, 100)
        small = trivial_project(Path(folder) / "small", 4, 16)
        sent: list[int] = []

        def board(project: Path) -> float:
            seconds, bytes_sent = asyncio.run(run_with_board(project, "run", "--python", python))
            sent.append(bytes_sent)
            return seconds

        for project, tests in ((large, 5000), (small, 64)):
            sent.clear()
            seconds = in_turns(
                ROUNDS,
                board=lambda project=project: board(project),
                headless=lambda project=project: whole_process(
                    stagewatch, "run", "--headless", "--python", python, cwd=project
                ),
                plain=lambda project=project: whole_process(
                    python, "-m", "pytest", "-q", "-p", "no:xdist", cwd=project
                ),
                xdist=lambda project=project: whole_process(python, "-m", "pytest", "-q", "-n", "2", cwd=project),
            )
            print(f"{tests} empty tests, {ROUNDS} rounds in turn; ratio: median (least to most)")
            for of in ("board", "headless"):
                for to in ("plain", "xdist"):
                    print(f"  {ratios(seconds, of, to)}")
            print(f"  sent to the terminal, 160x45, until the run had ended: {max(sent):,} bytes at most")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
