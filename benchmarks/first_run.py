"""The first run of real projects: seconds to the first result and to the end, against pytest and pytest-xdist.

    python benchmarks/first_run.py [--projects click,attrs] [--rounds 3]

Plain ``pytest -q`` is the measure of all: a cell is a ratio to it in the same round, median (least to most). Each
way once a round, in turn, after a round to warm up. Ours is ``stagewatch run --headless``, from nothing to nothing:
session, journal and reports are in it. To the first result: until its line is printed, and until pytest's first report.
"""

from __future__ import annotations

import argparse
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from kept_session import STAGEWATCH
from peers import CACHE, about
from real_projects import CASES, SUITES, Case, Copy, cases, copy_of, names
from suite_runs import environment as suites_environment

_REFUSED = (math.nan, math.nan)
"""pytest-xdist runs nothing where its workers collect other ids (of sets, of clocks)."""
_OUTCOMES = ("passed ", "failed ", "error ", "skipped ", "xfailed ", "xpassed ")


def xdist() -> Path:
    """A folder that holds pytest-xdist and nothing else: no project's environment is changed by it. Made once."""
    folder = CACHE / "xdist"
    if not (folder / "xdist").exists():
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder)]
        subprocess.run([*pip, "pytest-xdist", "execnet"], check=True)
    return folder


def pytest_run(copy: Copy, *options: str) -> tuple[float, float]:
    """Seconds to the first result and to the end."""
    with tempfile.TemporaryDirectory() as folder:
        noted = Path(folder) / "first"
        paths = [copy.environment["PYTHONPATH"], str(Path(__file__).parent)]
        if options:
            paths.append(str(xdist()))
        command = [*copy.pytest, "-p", "first_result", "-p", "no:cacheprovider", *options, *copy.case.whole]
        environment = copy.environment | {"FIRST_RESULT": str(noted), "PYTHONPATH": os.pathsep.join(paths)}
        began = time.time()
        ended = subprocess.run(
            command, cwd=copy.folder, env=environment, capture_output=True, text=True, check=False,
            start_new_session=True,  # the kernel shares the processors out among sessions, as ours are
        )  # fmt: skip
        seconds = time.time() - began
        if "Different tests were collected" in ended.stdout:
            return _REFUSED
        if not noted.exists():
            raise SystemExit(f"{' '.join(command)} had no result:\n{ended.stdout[-2000:]}{ended.stderr[-2000:]}")
        return float(noted.read_text()) - began, seconds


def our_run(copy: Copy, workers: int) -> tuple[float, float]:
    """The same of ``stagewatch run``, with a state of its own: nothing is known of earlier runs."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            STAGEWATCH,
            "run",
            *copy.case.whole,
            "--headless",
            "--python",
            copy.python,
            "--workers",
            str(workers),
        ]
        environment = copy.environment | {"XDG_STATE_HOME": folder}
        began, first = time.time(), None
        with subprocess.Popen(
            command, cwd=copy.folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace",
        ) as process:  # fmt: skip
            assert process.stdout is not None
            said = []
            for line in process.stdout:
                said.append(line)
                if first is None and line.startswith(_OUTCOMES):
                    first = time.time() - began
        if first is None:
            raise SystemExit(f"{' '.join(command)} had no result:\n{''.join(said[-40:])}")
        return first, time.time() - began


def measure(ours: Copy, theirs: Copy, rounds: int) -> dict[str, list[tuple[float, float]]]:
    ways: dict[str, Callable[[], tuple[float, float]]] = {
        "pytest -q": lambda: pytest_run(theirs),
        "ours, 1 worker": lambda: our_run(ours, 1),
        "-n 2": lambda: pytest_run(theirs, "-n", "2"),
        "-n 2, worksteal": lambda: pytest_run(theirs, "-n", "2", "--dist", "worksteal"),
        "ours, 2 workers": lambda: our_run(ours, 2),
    }
    took: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, way in ways.items():
            seconds = way()
            if number:
                took[name].append(seconds)
    return took


def row(case: Case, took: dict[str, list[tuple[float, float]]]) -> str:
    plain = took.pop("pytest -q")
    cells = [case.name, *(f"{statistics.median(each[part] for each in plain):.2f} s" for part in (0, 1))]
    for part in (0, 1):
        for each in took.values():
            cells.append(_ratio([one[part] for one in each], [one[part] for one in plain]))
    return f"| {' | '.join(cells)} |"


def _ratio(of: list[float], to: list[float]) -> str:
    ratios = [a / b for a, b in zip(of, to, strict=True)]
    if any(map(math.isnan, ratios)):
        return "refuses to run"
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--projects", default="", help=f"of {', '.join(case.name for case in CASES)} (default: all)")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    print(f"{about()}; {options.rounds} rounds in turn\n", flush=True)
    ways = ("ours, 1 worker", "-n 2", "-n 2, worksteal", "ours, 2 workers")
    columns = [f"{part}: {way}" for part in ("first result", "whole") for way in ways]
    print(f"| project | pytest -q: first result | whole | {' | '.join(columns)} |")
    print("|---" * (len(columns) + 3) + "|", flush=True)
    for case in cases(names(options.projects)):
        with tempfile.TemporaryDirectory(prefix="first-") as folder:
            ours, theirs = copy_of(case, Path(folder) / "ours"), copy_of(case, Path(folder) / "theirs")
            if case.name == SUITES:
                with suites_environment() as variables:
                    theirs.environment |= variables
                    print(row(case, measure(ours, theirs, options.rounds)), flush=True)
            else:
                print(row(case, measure(ours, theirs, options.rounds)), flush=True)
    print(f"\nload at the end: {os.getloadavg()[0]:.1f}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
