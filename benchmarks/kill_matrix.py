"""Is every bundled test killed by something? Break the environment in one way after another, and see who notices.

    python benchmarks/kill_matrix.py [SUITE…] [--quick] [--results FILE] [--jobs N]

A *mutant* (``benchmarks/mutants/*.toml``) is one plausible bug in the environment's code, or one of its
fault switches. It *counts* if login and health work with it and at most a quarter of all tests fail;
it *kills* a test that fails in its call phase by its own assertion. Survivors are listed, and exit
code 1 says that there are some. ``--quick`` runs only the tests that a mutant names (the quarter is
then not checked); ``--results`` keeps what was found, so that a long computation can be taken up again.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from suite_runs import ROOT, SUITES, NotStarted, environment, run_suites, sources_digest

MUTANTS = Path(__file__).with_name("mutants")
_MOST = 0.25


@dataclass(frozen=True)
class Mutant:
    """One way in which the environment is wrong: an edit of its code, or a fault switch."""

    suite: str
    name: str
    kills: tuple[str, ...]
    file: str = ""
    find: str = ""
    replace: str = ""
    fault: str = ""

    @property
    def key(self) -> str:
        """Changes with the mutant, with what it edits, and with the suites."""
        return hashlib.sha256(json.dumps([asdict(self), sources_digest()], sort_keys=True).encode()).hexdigest()[:16]

    def apply(self, checkout: Path) -> None:
        """Edit the copy in ``checkout``. Raises ValueError if the text is not there exactly once."""
        if self.fault:
            return
        path = checkout / self.file
        text = path.read_text()
        if (times := text.count(self.find)) != 1:
            raise ValueError(f"{self.suite}: {self.name!r}: its text occurs {times} times in {self.file}")
        path.write_text(text.replace(self.find, self.replace))


@dataclass
class Killed:
    """What came of one mutant. ``broken``: why it doesn't count."""

    by_assertion: list[str] = field(default_factory=list)
    otherwise: list[str] = field(default_factory=list)
    run: int = 0
    broken: str = ""


def mutants(suites: Iterable[str] = ()) -> list[Mutant]:
    """All that are written down, or those of some suites."""
    wanted = set(suites)
    found = []
    for path in sorted(MUTANTS.glob("*.toml")):
        if wanted and path.stem not in wanted:
            continue
        for table in tomllib.loads(path.read_text())["mutant"]:
            found.append(Mutant(suite=path.stem, **{**table, "kills": tuple(table["kills"])}))
    return found


def kill(mutant: Mutant, quick: bool, processes: int) -> Killed:
    """Start the environment with the mutant in it and run the tests."""
    with tempfile.TemporaryDirectory() as folder:
        checkout = Path(folder)
        shutil.copytree(SUITES, checkout / "suites", ignore=shutil.ignore_patterns("__pycache__", ".pytest_cache"))
        try:
            mutant.apply(checkout)
            with environment(checkout, [mutant.fault] if mutant.fault else []) as variables:
                outcomes = run_suites(
                    {**variables, "STAGING_TIMEOUT": "3"}, mutant.kills if quick else (), processes
                )  # fmt: skip
        except (ValueError, NotStarted) as error:
            return Killed(broken=str(error))
    found = Killed(run=len(outcomes))
    for test, outcome in sorted(outcomes.items()):
        if outcome.by_assertion:
            found.by_assertion.append(test)
        elif outcome.outcome == "failed":
            found.otherwise.append(test)
    failed = len(found.by_assertion) + len(found.otherwise)
    if not quick and failed > _MOST * len(outcomes):
        found.broken = f"{failed} of {len(outcomes)} tests fail: more than a quarter"
    return found


def survivors(tests: Iterable[str], results: Iterable[Killed]) -> list[str]:
    """Tests that nothing kills."""
    killed = {test for result in results if not result.broken for test in result.by_assertion}
    return sorted(set(tests) - killed)


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    chosen = mutants(options.suites)
    kept: dict[str, Any] = json.loads(options.results.read_text()) if options.results.exists() else {}
    with environment() as variables:
        healthy = run_suites(variables, sorted({test for m in chosen for test in m.kills}) if options.quick else ())
    if bad := [test for test, outcome in healthy.items() if outcome.outcome != "passed"]:
        print(f"the healthy environment already fails {len(bad)} tests: {', '.join(bad[:5])}")
        return 1
    results: list[Killed] = []

    def one(mutant: Mutant) -> tuple[Mutant, Killed]:
        key = f"{mutant.key}{'-quick' if options.quick else ''}"
        if key not in kept:
            kept[key] = asdict(kill(mutant, options.quick, 1))
            options.results.write_text(json.dumps(kept))
        return mutant, Killed(**kept[key])

    with ThreadPoolExecutor(options.jobs) as pool:
        for mutant, result in pool.map(one, chosen):
            results.append(result)
            said = result.broken or f"kills {len(result.by_assertion)}, fails {len(result.otherwise)} otherwise"
            missing = [name for name in mutant.kills if not any(test.startswith(name) for test in result.by_assertion)]
            print(
                f"{mutant.suite}: {mutant.name}: {said}{'; not ' + ', '.join(missing) if missing else ''}", flush=True
            )
    left = survivors(healthy, results)
    print(f"\n{len(chosen)} mutants, {len(healthy)} tests, {len(left)} survive")
    for test in left:
        print(f"  {test}")
    return 1 if left else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("suites", nargs="*", help="ids of suites whose mutants are tried (default: all)")
    parser.add_argument("--quick", action="store_true", help="run only the tests that a mutant names")
    parser.add_argument("--results", type=Path, default=ROOT / ".kill-matrix.json", help="where results are kept")
    parser.add_argument("--jobs", type=int, default=2, help="environments at a time")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
