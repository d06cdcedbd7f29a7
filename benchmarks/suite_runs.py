"""Run the bundled suites by plain pytest against an environment: the real one, a broken one, or none."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SUITES = ROOT / "suites"
_OWN_ASSERTIONS = ("AssertionError", "Failed", "XFailed")
"""What a test's own words raise: ``assert``, ``pytest.raises``, ``pytest.fail``."""


@dataclass(frozen=True)
class Outcome:
    """The worst that became of one test. ``phase``: setup, call or teardown; ``error``: the exception's class."""

    outcome: str
    phase: str
    error: str
    message: str

    @property
    def by_assertion(self) -> bool:
        """Whether the test itself said that something is wrong."""
        return self.outcome == "failed" and self.phase == "call" and self.error in _OWN_ASSERTIONS


_PLUGINS = ("-p", "suite_outcomes", "-p", "no:cacheprovider", "--tb=native")


class NotStarted(Exception):
    """An environment that gave no ready line; the text is the end of what it said."""


@contextmanager
def started(command: Sequence[str], checkout: Path = ROOT) -> Iterator[dict[str, str]]:
    """What Python makes of ``command`` in ``checkout``; gives the ``env`` of its ready line, ends with its input."""
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=checkout, env={**os.environ, "PYTHONPATH": str(checkout)}, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said,
        )  # fmt: skip
        assert process.stdin is not None and process.stdout is not None
        try:
            ready = process.stdout.readline()
            if not ready:
                process.wait()
                said.seek(0)
                raise NotStarted(said.read()[-500:])
            yield json.loads(ready)["env"]
        finally:
            process.stdin.close()
            process.wait(30)
            process.stdout.close()


def environment(checkout: Path = ROOT, faults: Sequence[str] = ()) -> AbstractContextManager[dict[str, str]]:
    """The environment whose code is in ``checkout``; gives the variables that the suites need."""
    return started(["-m", "suites.staging", *(f"--fault={fault}" for fault in faults)], checkout)


def run_suites(
    variables: Mapping[str, str], tests: Sequence[str] = (), processes: int = 2, options: Sequence[str] = ()
) -> dict[str, Outcome]:
    """Each test's outcome, by node id. ``tests``: files or node ids within ``suites``; none: all of them."""
    shares = _shares(tests or _files(), processes)
    with tempfile.TemporaryDirectory() as folder:
        running = []
        for number, share in enumerate(shares):
            recorded = Path(folder, str(number))
            recorded.touch()
            own = {name: value for name, value in os.environ.items() if not name.startswith("STAGING_")}
            own |= {
                **variables, "SUITE_OUTCOMES": str(recorded),
                "PYTHONPATH": os.pathsep.join([str(ROOT / "benchmarks"), str(ROOT)]),
            }  # fmt: skip
            running.append(
                (
                    recorded,
                    subprocess.Popen(
                        [sys.executable, "-m", "pytest", *_PLUGINS, *options, *share],
                        cwd=SUITES, env=own, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                    ),
                )
            )  # fmt: skip
        found: dict[str, Outcome] = {}
        for recorded, process in running:
            said = process.communicate()[0]
            if process.returncode not in (0, 1):
                raise NotStarted(f"pytest ended with {process.returncode}: {said[-500:]}")
            for line in recorded.read_text().splitlines():
                _add(found, **json.loads(line))
    return found


def _add(found: dict[str, Outcome], test: str, outcome: str, phase: str, error: str, message: str) -> None:
    earlier = found.get(test)
    if earlier is None or earlier.outcome == "passed":
        found[test] = Outcome(outcome, phase, error, message)


def _files() -> list[str]:
    folders = ("priority", "core", "security", "contract", "scale", "operations")
    return [
        str(path.relative_to(SUITES)) for folder in folders for path in sorted((SUITES / folder).rglob("test_*.py"))
    ]


def _shares(tests: Sequence[str], processes: int) -> list[list[str]]:
    by_file: dict[str, list[str]] = {}
    for test in tests:
        by_file.setdefault(test.partition("::")[0], []).append(test)
    shares: list[list[str]] = [[] for _ in range(max(1, min(processes, len(by_file))))]
    for number, group in enumerate(by_file.values()):
        shares[number % len(shares)] += group
    return shares


def sources_digest() -> str:
    """Changes with the environment, the client library and the tests."""
    digest = hashlib.sha256()
    for path in sorted(SUITES.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
