"""Is a run with Stagewatch the same as one with pytest? On real projects, test by test.

For each project and each supported pytest (the oldest on the oldest Python, the newest on ours):
plain pytest twice, ``stagewatch run --headless`` once, and every id, outcome, subtest, captured
section and collection error compared. Exit code 1 if any difference is left unexplained.

    python benchmarks/parity.py [PROJECT…] [--pytest oldest|newest] [--workers N] [--plain-only]

With more than one worker the reference is plain pytest on each worker's tests, in the order in
which that worker ran them; ``--as-run`` takes the same reference for one worker. Where anything
differs, all is run once more, against that reference: what is then gone is listed as explained by
chance, load or order, and what is there again is a difference (``--once``: the first word counts).
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from parity_compare import Comparison, Key, Mask, Record, compare, confirmed, plain_record, stagewatch_record
from parity_projects import PROJECTS, Prepared, Unprepared, prepare

ROOT = Path(__file__).resolve().parents[1]
RECORDER = Path(__file__).with_name("parity_recorder.py")
MASK = ROOT / "tui" / "engine" / "agent" / "stagewatch_agent" / "mask.py"

EXPLAINED: dict[tuple[str, str], str] = {}
"""(project, beginning of a difference): why it is there. Printed with its reason; not counted as unexplained."""


@dataclass
class Line:
    """A row of the table."""

    project: str
    version: str
    pytest: str
    style: str
    comparison: Comparison = field(default_factory=Comparison)
    explained: list[str] = field(default_factory=list)
    plain: float = 0.0
    stagewatch: float | None = None
    failure: str = ""

    @property
    def is_good(self) -> bool:
        return not self.failure and not self.comparison.differences


class Failed(Exception):
    """A run that gave no record; the text is the end of what it said."""


def main() -> int:
    options = _options()
    names = options.projects or [project.name for project in PROJECTS]
    projects = [project for project in PROJECTS if project.name in names]
    pytests = [newest for newest in (False, True) if options.pytest in ("both", "newest" if newest else "oldest")]
    lines = []
    for project in projects:
        for newest in pytests:
            line = Line(project.name, project.versions[newest], "newest" if newest else "oldest", project.style)
            try:
                _measure(prepare(project, newest=newest, refresh=options.refresh), line, options)
            except (Unprepared, Failed) as error:
                line.failure = str(error)
            _tell(line, options)
            lines.append(line)
    print()
    _table(lines)
    return 0 if all(line.is_good for line in lines) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("projects", nargs="*", metavar="PROJECT", help=", ".join(project.name for project in PROJECTS))
    parser.add_argument("--pytest", choices=("both", "oldest", "newest"), default="both")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--as-run", action="store_true", help="the reference runs in the order that the workers ran in")
    parser.add_argument("--once", action="store_true", help="no second look at what differs")
    parser.add_argument(
        "--plain-only", action="store_true", help="only plain pytest, twice: what is unsteady by itself"
    )
    parser.add_argument("--refresh", action="store_true", help="unpack and install anew")
    parser.add_argument("--timeout", type=float, default=900.0, metavar="SECONDS", help="of one run of one project")
    parser.add_argument("--stagewatch", default=str(Path(sys.executable).with_name("stagewatch")), metavar="COMMAND")
    parser.add_argument("--list-unsteady", action="store_true", help="every unsteady fact, not only the first three")
    options = parser.parse_args()
    unknown = set(options.projects) - {project.name for project in PROJECTS}
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    return options


def _measure(prepared: Prepared, line: Line, options: argparse.Namespace) -> None:
    line.pytest = prepared.pytest
    environment = _environment()
    mask = agent_mask(environment)
    if options.plain_only:
        one, line.plain = _plain(prepared, environment, mask, options.timeout)
        two, _ = _plain(prepared, environment, mask, options.timeout)
        line.comparison = compare(one, two, two)
        for found in (line.comparison.unsteady, line.comparison.differences):
            found.sort()
        return
    shown, line.stagewatch = _stagewatch(prepared, environment, options)
    if options.workers == 1 and not options.as_run:
        one, line.plain = _plain(prepared, environment, mask, options.timeout)
        two, _ = _plain(prepared, environment, mask, options.timeout)
        line.comparison = compare(one, two, shown)
    else:
        line.comparison, line.plain = _as_run(prepared, environment, mask, options.timeout, shown)
    if line.comparison.differences and not options.once:
        shown, _ = _stagewatch(prepared, environment, options)
        again, _ = _as_run(prepared, environment, mask, options.timeout, shown)
        line.comparison.differences, passing = confirmed(line.comparison, again)
        line.explained += [f"{each}\n    because {_GONE}" for each in passing]
    _explain(line)


_GONE = "of chance, load or order: it is gone in a second run, compared with pytest in the order of that run"


def _as_run(
    prepared: Prepared, environment: dict[str, str], mask: Mask, timeout: float, shown: Record
) -> tuple[Comparison, float]:
    """Compared with plain pytest on each worker's tests, in the order in which that worker ran them."""
    found, plain = Comparison(), 0.0
    for order in shown.order.values():
        one, seconds = _plain(prepared, environment, mask, timeout, order)
        two, _ = _plain(prepared, environment, mask, timeout, order)
        plain += seconds
        found.add(compare(one, two, Record({key: shown.tests[key] for key in order}, shown.collection_errors)))
    for key in shown.tests.keys() - {key for order in shown.order.values() for key in order}:
        found.differences.append(f"{key[0]}: {shown.tests[key].outcome}, by no worker")
    return found, plain


def _explain(line: Line) -> None:
    unexplained = []
    for difference in line.comparison.differences:
        reason = next(
            (
                why
                for (project, start), why in EXPLAINED.items()
                if project == line.project and difference.startswith(start)
            ),
            None,
        )
        (
            unexplained.append(difference)
            if reason is None
            else line.explained.append(f"{difference}\n    because {reason}")
        )
    line.comparison.differences = unexplained


def _plain(
    prepared: Prepared, environment: dict[str, str], mask: Mask, timeout: float, order: Sequence[Key] | None = None
) -> tuple[Record, float]:
    """One run of plain pytest, with the recorder beside it: its record and its seconds."""
    with tempfile.TemporaryDirectory(prefix="parity-") as folder:
        record = Path(folder) / "record.json"
        plugin = Path(folder) / RECORDER.name
        plugin.write_text(RECORDER.read_text())
        environment = {**environment, "PYTHONPATH": folder, "PARITY_RECORD": str(record)}
        if order is not None:
            wanted = Path(folder) / "order.json"
            wanted.write_text(json.dumps(order))
            environment["PARITY_ORDER"] = str(wanted)
        project = prepared.project
        command = [prepared.python, "-m", "pytest", "-p", plugin.stem, "--continue-on-collection-errors"]
        said, seconds = _run([*command, *project.options, *project.paths], prepared.folder, environment, timeout)
        if not record.exists():
            raise Failed(f"plain pytest wrote no record\n{said[-3000:]}")
        raw = json.loads(record.read_text())
        if raw["exit"] not in (0, 1) or not raw["tests"]:
            raise Failed(f"plain pytest ran {len(raw['tests'])} tests and ended with {raw['exit']}\n{said[-3000:]}")
        return plain_record(raw, mask), seconds


def _stagewatch(prepared: Prepared, environment: dict[str, str], options: argparse.Namespace) -> tuple[Record, float]:
    """One run with Stagewatch, with a state of its own, so that no earlier run tells it an order."""
    with tempfile.TemporaryDirectory(prefix="parity-") as folder:
        results = Path(folder) / "results.json"
        own = {"XDG_STATE_HOME": f"{folder}/state", "XDG_RUNTIME_DIR": f"{folder}/run"}
        (Path(folder) / "run").mkdir(mode=0o700)
        project = prepared.project
        command = [*shlex.split(options.stagewatch), "run", *project.paths, "--headless", "--workers", options.workers]
        command += ["--json", results, "--python", prepared.python, "--", *project.options]
        said, seconds = _run(command, prepared.folder, {**environment, **own}, options.timeout)
        if not results.exists():
            raise Failed(f"stagewatch wrote no results\n{said[-3000:]}{_logs(Path(folder) / 'state')}")
        raw: dict[str, Any] = json.loads(results.read_text())
        if raw["state"] != "finished":
            raise Failed(f"stagewatch did not finish: {raw['state']}\n{said[-3000:]}{_logs(Path(folder) / 'state')}")
        return stagewatch_record(raw), seconds


def _logs(state: Path) -> str:
    """The ends of the logs that Stagewatch left in its state folder."""
    return "".join(
        f"\n-- {path.name}\n{path.read_text(errors='replace')[-3000:]}" for path in sorted(state.rglob("*.log"))
    )


def _run(command: Sequence[object], folder: Path, environment: dict[str, str], timeout: float) -> tuple[str, float]:
    words = [str(word) for word in command]
    began = time.monotonic()
    try:
        ended = subprocess.run(
            words, cwd=folder, env=environment, stdin=subprocess.DEVNULL, timeout=timeout,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise Failed(f"no end after {timeout:.0f} s: {' '.join(words)}\n{(error.stdout or b'')[-2000:]!r}") from None
    except OSError as error:
        raise Failed(f"{words[0]}: {error.strerror}; is Stagewatch installed (pip install -e .)?") from None
    return ended.stdout.decode(errors="replace"), time.monotonic() - began


def _environment() -> dict[str, str]:
    """What both sides run with: this environment, less what would change one of them."""
    dropped = ("PYTEST_", "PYTHON", "COV_", "COVERAGE", "VIRTUAL_ENV", "STAGEWATCH")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    return {**kept, "COLUMNS": "100", "LINES": "40", "PYTHONDONTWRITEBYTECODE": "1"}


def agent_mask(environment: dict[str, str]) -> Mask:
    """The agent's own masking of secrets, for the plain side."""
    spec = importlib.util.spec_from_file_location("stagewatch_mask", MASK)
    if spec is None or spec.loader is None:
        raise Failed(f"{MASK} is not there")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    mask: Mask = module.Mask(module.secrets_of(environment, ()))
    return mask


def _tell(line: Line, options: argparse.Namespace) -> None:
    print(f"\n== {line.project} {line.version}, pytest {line.pytest}: {line.style}", flush=True)
    if line.failure:
        print(f"FAILED: {line.failure}")
        return
    for title, found in (
        ("DIFFERENT", line.comparison.differences),
        ("explained", line.explained),
        ("cut", line.comparison.cut),
    ):
        for each in found:
            print(f"{title}  {each}")
    unsteady = line.comparison.unsteady
    for each in unsteady if options.list_unsteady else unsteady[:3]:
        print(f"unsteady  {each}")
    if len(unsteady) > 3 and not options.list_unsteady:
        print(f"unsteady  … and {len(unsteady) - 3} more (--list-unsteady)")


_HEADER = (
    *("project", "pytest", "tests", "broken", "same", "masked", "unsteady", "cut"),
    *("explained", "DIFFERENT", "plain", "ours", "ratio"),
)
_WIDTHS = (-24, -7, 7, 8, 7, 8, 10, 5, 11, 11, 8, 8, 7)


def _table(lines: Sequence[Line]) -> None:
    """Counts are of tests (same, of them masked), modules (broken) and facts; plain and ours are seconds."""
    _row(_HEADER)
    for line in lines:
        found, ours = line.comparison, line.stagewatch
        name = f"{line.project} {line.version}"
        if line.failure:
            _row((name, line.pytest, f"   {line.failure.splitlines()[0]}"))
            continue
        _row(
            (
                *(name, line.pytest, found.tests, found.broken, found.same, found.after_mask),
                *(len(found.unsteady), len(found.cut)),
                *(len(line.explained), len(found.differences), f"{line.plain:.1f}"),
                *(("", "") if ours is None else (f"{ours:.1f}", f"{ours / max(line.plain, 0.001):.2f}")),
            )
        )
    bad = sum(not line.is_good for line in lines)
    print(f"\n{len(lines) - bad} of {len(lines)} without an unexplained difference")


def _row(cells: Sequence[object]) -> None:
    widths = zip(cells, _WIDTHS, strict=False)
    print("".join(f"{cell!s:<{-width}}" if width < 0 else f"{cell!s:>{width}}" for cell, width in widths))


if __name__ == "__main__":
    sys.exit(main())
