"""How much faster a rerun is than a ``pytest`` of its own: one test, both ways, in turn, a few times."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

from tui.doctor.fresh import Fresh, fresh
from tui.doctor.hosting import Hosting
from tui.events import FAILING, FoundTest, Outcome
from tui.reports.examination import Measured
from tui.session.request import RunRequest

RERUNS = 5
PROCESSES = 3
_ENOUGH = 20.0
"""Seconds of fresh processes after which no further one is started."""
_CANDIDATES = 5
"""Tests that are tried for one that is not skipped."""
_COMPARABLE = {0: False, 1: True}
"""pytest's exit codes that tell how a test went: whether it failed."""


class NotMeasuredError(Exception):
    """``str(error)`` says why, in one sentence."""


def candidates(tests: Sequence[FoundTest]) -> list[FoundTest]:
    """Tests in the order in which they speak for all: usual durations nearest to the middle one first, as far as
    durations are known; then as they were collected.
    """
    known = [test.usual for test in tests if test.usual is not None]
    if not known:
        return list(tests)
    middle = median(known)
    return sorted(tests, key=lambda test: float("inf") if test.usual is None else abs(test.usual - middle))


async def measure(
    hosting: Hosting, request: RunRequest, options: Sequence[str], say: Callable[[str], None]
) -> Measured:
    """``options``: for pytest, beside those of the request. Raises NotMeasuredError where nothing can be compared."""
    test, first = await _first(hosting, say)
    found = hosting.catalogue.entries[test].found
    node = found.node
    arguments = [*request.selection.pytest_args, *options, f"{_rootdir(found.path, request)}/{node}"]
    environment = hosting.environment_of(test)
    processes: list[Fresh] = []
    reruns, outcomes = [first], {_outcome(hosting, test)}
    while len(processes) < PROCESSES and sum(one.seconds for one in processes) < _ENOUGH:
        processes.append(await fresh(request.python, arguments, Path(request.cwd), environment))
        if processes[-1].code not in _COMPARABLE:
            raise NotMeasuredError(_why_not(node, processes[-1].code))
        reruns.append(await _rerun(hosting, test))
        outcomes.add(_outcome(hosting, test))
    while len(reruns) < RERUNS and sum(reruns) < _ENOUGH:
        reruns.append(await _rerun(hosting, test))
        outcomes.add(_outcome(hosting, test))
    warm, cold = median(reruns), median(one.seconds for one in processes)
    failed = {outcome in FAILING for outcome in outcomes}
    failed_fresh = {_COMPARABLE[one.code] for one in processes if one.code is not None}
    return Measured(
        test=node,
        outcome=_outcome(hosting, test),
        reruns=tuple(round(seconds, 4) for seconds in reruns),
        processes=tuple(round(one.seconds, 4) for one in processes),
        rerun=round(warm, 4),
        process=round(cold, 4),
        took=round(median(attempt.duration for attempt in hosting.state.tests[test].attempts), 4),
        times_as_fast=round(cold / warm, 2),
        agree=len(failed) > 1 or len(failed_fresh) > 1 or failed == failed_fresh,
        steady=len(failed) == len(failed_fresh) == 1,
    )


async def _first(hosting: Hosting, say: Callable[[str], None]) -> tuple[int, float]:
    """A test that runs, with how long its first rerun took."""
    found = candidates([hosting.catalogue.entries[test].found for test in hosting.tests])
    if not found:
        raise NotMeasuredError("there is no test to measure")
    for test in found[:_CANDIDATES]:
        say(f"measuring {test.node}")
        seconds = await _rerun(hosting, test.id)
        if _outcome(hosting, test.id) != "skipped":
            return test.id, seconds
    raise NotMeasuredError(f"{found[0].node} and others that were tried are skipped: name a test that is not")


async def _rerun(hosting: Hosting, test: int) -> float:
    seconds = await hosting.rerun(test)
    if seconds is None:
        why = "it got no result"
        raise NotMeasuredError(f"{hosting.catalogue.entries[test].found.node} could not be run: {why}")
    return seconds


def _rootdir(path: str, request: RunRequest) -> Path:
    """What node ids are relative to: nearly always the project's root."""
    places = [Path(request.root), Path(request.cwd), *Path(request.root).parents]
    return next((place for place in places if (place / path).exists()), places[0])


def _outcome(hosting: Hosting, test: int) -> Outcome:
    return hosting.state.tests[test].attempts[-1].outcome


def _why_not(node: str, code: int | None) -> str:
    how = "did not end in time" if code is None else f"ended with exit code {code}, which says nothing of the test"
    return f"a fresh `pytest {node}` {how}"
