"""One failed test of a real project, run again, against the whole process of ``pytest --lf``.

    python benchmarks/rerun_projects.py [--projects click,attrs] [--rounds 5]

Each way once a round, in turn, after a round to warm up: unchanged, after the test's file was edited, after a module
of the project was edited, and ten failed tests of one file. *request*: from the request on a viewer's connection until
the result has come back from the journal. *key*: from ``f`` written to a terminal until the new attempt is on its
screen. A cell: how many times faster than ``--lf`` (least to most), and its milliseconds.

What is in ours: setup, call, teardown of all scopes, the record on disk. What is left out: the worker's own
end (``pytest_sessionfinish``, plugins' unconfigure, coverage saved), which is done, but behind the result.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from kept_session import STAGEWATCH, KeptSession, kept, own_state
from peers import about
from real_projects import CASES, ROOT, SUITES, Case, Copy, cases, copy_of, names
from suite_runs import environment as suites_environment

sys.path.append(str(ROOT))
from tests.e2e.terminal import Terminal

_ATTEMPTS = re.compile(r"Attempts\s+(\d+)")
_WAYS = ("unchanged", "test edited", "module edited", "ten failed")


class Board:
    """The real program on a pseudo-terminal, on the screen of the one failure."""

    def __init__(self, copy: Copy, session: KeptSession) -> None:
        terminal = {"TERM": "xterm-256color", "COLUMNS": "160", "LINES": "45"}
        command = [STAGEWATCH, "attach", session.record.name]
        self.terminal = Terminal(command, copy.folder, copy.environment | own_state() | terminal)

    def open(self) -> None:
        """The failure's screen."""
        self.terminal.see("RUNNING")
        self.terminal.type("\t")
        self.terminal.see("▌✗ AssertionError")
        self.terminal.type("\r")
        self.terminal.see("Attempts")

    def rerun(self, attempts: int) -> float:
        """Seconds from the key until one attempt more is shown than the ``attempts`` that there are."""
        self._until(attempts)
        began = time.perf_counter()
        self.terminal.type("f")
        self._until(attempts + 1)
        return time.perf_counter() - began

    def _until(self, attempts: int) -> None:
        end = time.monotonic() + 60
        while not (found := _ATTEMPTS.search(self.terminal.text)) or int(found[1]) != attempts:
            if time.monotonic() > end:
                raise SystemExit(f"the board does not show attempt {attempts}:\n{self.terminal.text}")
            self.terminal.take(1.0)


async def measure(case: Case, folder: Path, rounds: int, plain_variables: dict[str, str]) -> dict[str, list[float]]:
    """Seconds by way and side, a round each."""
    ours, theirs = copy_of(case, folder / "ours", 1), copy_of(case, folder / "theirs", 1)
    ours_ten, theirs_ten = copy_of(case, folder / "ours-ten", 10), copy_of(case, folder / "theirs-ten", 10)
    for plain in (theirs, theirs_ten):
        plain.environment |= plain_variables
    took: dict[str, list[float]] = {}
    async with kept(ours, "-k", _named(ours)) as one, kept(ours_ten, "-k", _named(ours_ten)) as ten:
        failed = [one.id_of(node) for node in ours.failing]
        failed_ten = [ten.id_of(node) for node in ours_ten.failing]
        board = Board(ours, one)
        with board.terminal:
            board.open()
            for number in range(rounds + 1):

                def keep(way: str, side: str, seconds: float, number: int = number) -> None:
                    if number:
                        took.setdefault(f"{way}, {side}", []).append(seconds)

                for way, path in zip(_WAYS, (None, "tests", "module"), strict=False):
                    await _ours(ours, path, one, lambda: _request(one, failed), lambda s, w=way: keep(w, "request", s))
                    await _ours(ours, path, one, lambda: _key(one, board, failed), lambda s, w=way: keep(w, "key", s))
                    if path:
                        theirs.edit(getattr(theirs, path))
                    keep(way, "lf", _lf(theirs))
                keep("ten failed", "request", await _request(ten, failed_ten))
                await ten.rest()
                keep("ten failed", "lf", _lf(theirs_ten))
    return took


async def _ours(
    copy: Copy,
    path: str | None,
    session: KeptSession,
    way: Callable[[], Awaitable[float]],
    keep: Callable[[float], None],
) -> None:
    if path:
        copy.edit(getattr(copy, path))
    keep(await way())
    await session.rest()


async def _request(session: KeptSession, tests: list[int]) -> float:
    return (await session.rerun(tests)).result


async def _key(session: KeptSession, board: Board, tests: list[int]) -> float:
    [test] = tests
    before = len(session.state.tests[test].attempts)
    seconds = board.rerun(before)
    await session.until(lambda: len(session.state.tests[test].attempts) > before and not session.state.is_running)
    return seconds


def _lf(copy: Copy) -> float:
    began = time.perf_counter()
    ended = subprocess.run(
        [*copy.pytest, "--lf"], cwd=copy.folder, env=copy.environment, stdin=subprocess.DEVNULL, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    seconds = time.perf_counter() - began
    if len(re.findall(r"^FAILED ", ended.stdout, re.MULTILINE)) != len(copy.failing):
        raise SystemExit(f"pytest --lf did not run what has failed:\n{ended.stdout[-2000:]}")
    return seconds


def _named(copy: Copy) -> str:
    return " or ".join(sorted({node.rpartition("::")[2].partition("[")[0] for node in copy.failing}))


def row(case: Case, took: dict[str, list[float]]) -> str:
    cells = [case.name, f"{statistics.median(took['unchanged, lf']):.2f} s"]
    for way in _WAYS:
        for side in ("request", "key"):
            if f"{way}, {side}" in took:
                cells.append(_cell(took[f"{way}, {side}"], took[f"{way}, lf"]))
    return f"| {' | '.join(cells)} |"


def _cell(ours: list[float], lf: list[float]) -> str:
    times = [b / a for a, b in zip(ours, lf, strict=True)]
    spread = f"{statistics.median(times):.1f}× ({min(times):.1f} to {max(times):.1f})"
    return f"{spread}, {statistics.median(ours) * 1000:.0f} ms"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--projects", default="", help=f"of {', '.join(case.name for case in CASES)} (default: all)")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    print(f"{about()}; {options.rounds} rounds in turn\n", flush=True)
    print(f"| project | `--lf` | {' | '.join(f'{way}: request | key' for way in _WAYS[:3])} | ten failed |")
    print("|---|---|---|---|---|---|---|---|---|", flush=True)
    for case in cases(names(options.projects)):
        with tempfile.TemporaryDirectory(prefix="rerun-") as folder:
            os.environ["XDG_STATE_HOME"] = str(Path(folder) / "state")
            if case.name == SUITES:
                with suites_environment() as variables:
                    took = asyncio.run(measure(case, Path(folder), options.rounds, variables))
            else:
                took = asyncio.run(measure(case, Path(folder), options.rounds, {}))
            print(row(case, took), flush=True)
    print(f"\nload at the end: {os.getloadavg()[0]:.1f}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
