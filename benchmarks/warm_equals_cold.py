"""Does a warm rerun say what a fresh pytest process says? Every test of real projects, alone; then after random edits.

    python benchmarks/warm_equals_cold.py [--projects click,attrs] [--tests 20] [--edits 30] [--seed 1]

Each test is run again, alone, by a session of Stagewatch (a fork of the collected process), and alone by a fresh
``python -m pytest ID``; outcome, subtests and captured sections are compared, with what changes from run to run put
aside (``parity_compare``). Where they differ there is a second fresh run, which tells what is unsteady by itself.
``--tests 0``: all of them (a fresh process each: an hour a project).

After each edit (``random_edits``) a few tests of the edited file run again in one worker, and in one fresh process,
and the tests that the file has are compared too. Exit code 1 if any difference is left.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cold_runs import cold, warm
from kept_session import KeptSession, kept
from parity_compare import Comparison, Record, Result, compare
from peers import about
from random_edits import DURING, KINDS, Edits
from real_projects import SUITES, Copy, cases, collect, copy_of, names

from tui.events import TestFinished
from tui.protocol import Rerun

_AT_ONCE = 4
"""Real tests of the edited file that run again after each edit."""


@dataclass
class Found:
    """What the comparison of one project gave."""

    alone: Comparison = field(default_factory=Comparison)
    edited: Comparison = field(default_factory=Comparison)
    edits: Counter[str] = field(default_factory=Counter)
    cold: Counter[str] = field(default_factory=Counter)


async def each_alone(session: KeptSession, copy: Copy, nodes: Sequence[str], found: Found) -> None:
    for node in nodes:
        test = session.id_of(node)
        await session.rerun([test])
        event = next(event for _, event in session.finished if event.test == test)
        if event.cold_reason:
            found.cold[event.cold_reason] += 1
        _compare(found.alone, copy, [node], {node: await warm(session, event)}, "")


async def after_edits(
    session: KeptSession, copy: Copy, edits: Edits, kinds: Sequence[str], chosen: Sequence[str], found: Found
) -> None:
    for number, kind in enumerate(kinds):
        found.edits[kind] += 1
        what = f"edit {number + 1}, {kind}: "
        if kind == DURING:
            rerun = asyncio.create_task(_rerun(session, copy, chosen))
            await asyncio.sleep(edits.chance.random() * 0.05)
            edits.apply("constant")
            await rerun  # of the text before or after
        else:
            edits.apply(kind)
        finished = await _rerun(session, copy, chosen)
        results = {session.state.tests[event.test].node: await warm(session, event) for event in finished}
        there, known = _ours(collect_or_nothing(copy)), _ours(test.node for test in session.state.present())
        if there != known:
            apart = f"only cold: {sorted(there - known)[:5]}, only warm: {sorted(known - there)[:5]}"
            found.edited.differences.append(f"{what}tests of the edited files, {apart}")
        nodes = [node for node in results if "::" in node]
        if nodes:
            _compare(found.edited, copy, nodes, {node: results[node] for node in nodes}, what)
        elif there:
            found.edited.differences.append(f"{what}nothing ran warm; cold: {sorted(there)[:5]}")


def collect_or_nothing(copy: Copy) -> list[str]:
    """The tests of the edited files; none where they can't be imported."""
    try:
        return collect(copy, str(copy.tests.parent), "-k", "test_edited")
    except SystemExit:
        return []


def _ours(nodes: Iterable[str]) -> set[str]:
    return {node for node in nodes if "::test_edited" in node}


async def _rerun(session: KeptSession, copy: Copy, chosen: Sequence[str]) -> list[TestFinished]:
    """The chosen tests and ours, or whatever there is of the file: the error that it can't be imported, too."""
    present = {test.node: test.id for test in session.state.present()}
    wanted = [present[node] for node in chosen if node in present]
    wanted += [id for node, id in present.items() if "::test_edited" in node or "::" not in node]
    del session.finished[:]
    await session.feed.send(Rerun("tests", tests=tuple(wanted), requested=time.time()))
    await session.rest()
    return [event for _, event in session.finished]


def _compare(into: Comparison, copy: Copy, nodes: list[str], results: dict[str, Result], what: str) -> None:
    ours = Record({(node, 0): result for node, result in results.items()}, {})
    one = cold(copy, nodes)
    said = compare(one, one, ours)
    if said.differences:
        said = compare(one, cold(copy, nodes), ours)
    said.differences = [what + each for each in said.differences]
    said.unsteady = [what + each for each in said.unsteady]
    into.add(said)


async def measure(copy: Copy, outside: Path, options: argparse.Namespace) -> Found:
    chance = random.Random(f"{options.seed} {copy.case.name}")
    copy.environment["PYTHONPATH"] += f":{outside}"
    edits = Edits(copy, outside, chance)
    kinds = [*KINDS, DURING]
    rounds = [kind for _ in range(options.edits // len(kinds) + 1) for kind in chance.sample(kinds, len(kinds))]
    found = Found()
    known = Counter(node for node in collect(copy, *copy.case.paths) if node.isprintable())
    once = [node for node, count in known.items() if count == 1]
    nodes = once if not options.tests else chance.sample(once, min(options.tests, len(once)))
    file = f"{copy.tests.relative_to(copy.folder)}::"
    real = [node for node in once if node.startswith(file) and "::test_edited" not in node]
    real = chance.sample(real, min(_AT_ONCE, len(real)))
    # Nothing of the first run is compared: of a sample, nothing else runs in it.
    only = sorted({node.partition("[")[0].rpartition("::")[2] for node in [*nodes, *real]}) if options.tests else []
    async with kept(copy, *(["-k", " or ".join(["test_edited", *only])] if only else [])) as session:
        await each_alone(session, copy, nodes, found)
        await after_edits(session, copy, edits, rounds[: options.edits], real, found)
    return found


def row(name: str, found: Found) -> str:
    cells: list[object] = [name]
    for one in (found.alone, found.edited):
        cells += [one.tests, one.same, len(one.unsteady), len(one.differences)]
    cells.insert(5, sum(found.edits.values()))
    return f"| {' | '.join(map(str, cells))} |"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--projects", default="")
    parser.add_argument("--tests", type=int, default=20, help="of each project, alone (0: all)")
    parser.add_argument("--edits", type=int, default=30, help="of each project")
    parser.add_argument("--seed", default="1")
    options = parser.parse_args()
    print(f"{about()}; seed {options.seed}", flush=True)
    rows, total = [], 0
    for case in cases(names(options.projects)):
        if case.name == SUITES:
            continue  # they hold against an environment whose state other tests have changed
        with tempfile.TemporaryDirectory(prefix="warm-") as folder:
            os.environ["XDG_STATE_HOME"] = str(Path(folder) / "state")
            outside = Path(folder) / "outside"
            outside.mkdir()
            copy = copy_of(case, Path(folder))
            found = asyncio.run(measure(copy, outside, options))
        print(f"\n== {case.name} {copy.version}; edits: {dict(found.edits)}; cold: {dict(found.cold) or 'none'}")
        for title, one in (("alone", found.alone), ("edited", found.edited)):
            for each in one.differences:
                print(f"DIFFERENT, {title}: {each}")
            for each in one.unsteady[:3]:
                print(f"unsteady, {title}: {each}")
        rows.append(row(f"{case.name} {copy.version}", found))
        total += len(found.alone.differences) + len(found.edited.differences)
        print(rows[-1], flush=True)
    print("\n| project | alone | same | unsteady | different | edits | results | same | unsteady | different |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    print("\n".join(rows))
    return 1 if total else 0


if __name__ == "__main__":
    raise SystemExit(main())
