"""Bytes that a terminal of 160 × 45 is sent for a run of the bundled suites: the board's, against ``pytest -v``'s."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from pathlib import Path

from board_run import Terminal, run_with_board
from suite_runs import SUITES, environment


def with_pytest() -> int:
    """What plain ``pytest -v`` writes, to a terminal of the same size, about the same environment."""
    with environment() as variables:
        os.environ.update(variables)
        # Without the suites' own -q, which would take back the -v.
        options = ["-v", "-o", "addopts=--strict-markers", "-p", "no:cacheprovider", "-p", "no:asyncio"]
        terminal = Terminal([sys.executable, "-m", "pytest", *options, str(SUITES)], SUITES)
        terminal.close()
        for name in variables:
            del os.environ[name]
    return terminal.sent


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_STATE_HOME"] = str(Path(folder) / "state")
        plain = with_pytest()
        seconds, board = asyncio.run(run_with_board(SUITES, "demo"))
    print(f"pytest -v {plain:,} bytes, board {board:,} bytes in {seconds:.0f} s; board / pytest: {board / plain:.2f}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
