"""The engine's own tests with their projects on every Python and every supported pytest that can be had here.

    python benchmarks/interpreters.py [--pythons 3.9,3.13] [--pytests 7.4,9.2] [TEST FILE…]

Stagewatch itself runs on this Python all the time; what changes is what the tested projects run on.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

from peers import about
from real_projects import ROOT, names

PYTHONS = ("3.9", "3.10", "3.11", "3.12", "3.13", "3.14")
PYTESTS = ("7.4", "8.4", "9.2")
_NEEDS = ("pytest-asyncio", "anyio")
_COUNTS = re.compile(r"(\d+) (passed|failed|error|errors|skipped|xfailed)\b")


def run(python: str, pytest: str, tests: list[str]) -> tuple[str, list[str]]:
    """The counts of one pair in words, and what failed."""
    dropped = ("PYTEST_", "STAGEWATCH", "PYTHON")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    environment["STAGEWATCH_TESTED"] = " ".join([python, f"pytest=={pytest}.*", *_NEEDS])
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-rfE", "-p", "no:cacheprovider", *tests], cwd=ROOT, env=environment,
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    lines = ended.stdout.splitlines()
    counts = ", ".join(f"{count} {word}" for count, word in _COUNTS.findall(lines[-1] if lines else ""))
    failed = [line for line in lines if line.startswith(("FAILED ", "ERROR "))]
    if not counts:
        said = (ended.stdout + ended.stderr).strip().splitlines()
        reason = next((line for line in reversed(said) if "no Python" in line or "CalledProcess" in line), "")
        return "not here" if "no Python" in reason else "can't be installed" if reason else "did not run", said[-3:]
    return counts, failed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pythons", default=",".join(PYTHONS))
    parser.add_argument("--pytests", default=",".join(PYTESTS))
    parser.add_argument("tests", nargs="*", type=Path, help="default: tests/engine")
    options = parser.parse_args()
    tests = [str(path) for path in options.tests] or ["tests/engine"]
    print(f"{about()}; {' '.join(tests)}\n")
    print("| Python | pytest | |\n|---|---|---|", flush=True)
    for python in names(options.pythons):
        for pytest in names(options.pytests):
            counts, failed = run(python, pytest, tests)
            print(f"| {python} | {pytest} | {counts} |", flush=True)
            for each in failed:
                print(f"  {each}", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
