"""The read side: everything that is asked of iterations, old or running, from the journal alone.

Client, session and command line ask here and nowhere else, so that none of them grows its own copy.
``folder`` is a project's part of the state (``places.project_folder``). Errors that a person can mend
are StagewatchError, in one sentence.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import msgspec

from tui import gate
from tui.errors import StagewatchError
from tui.events import Evidence, Outcome
from tui.reports.amounts import clock
from tui.state import RunState, duration, replay, total

if TYPE_CHECKING:
    from tui.journal.baseline import Baseline
    from tui.journal.journal import Journal
    from tui.state.past import Past

_MOST_NAMED = 5
State: TypeAlias = Literal["running", "finished", "interrupted"]


class IterationSummary(msgspec.Struct, frozen=True):
    """A line of the history. ``began`` is seconds since the epoch, ``duration`` seconds.

    ``counts`` has each test once, by the outcome of its last attempt.
    """

    number: int
    revision: str | None
    began: float
    duration: float
    state: State
    verdict: gate.Verdict
    counts: dict[Outcome, int]


class HistoryEntry(msgspec.Struct, frozen=True):
    """As ``history --json`` publishes it: a field may be added, none may change or go."""

    number: int
    revision: str | None
    started: str
    duration: float
    verdict: gate.Answer
    state: State
    counts: dict[str, int]


class History(msgspec.Struct, frozen=True):
    """The document of ``history --json``."""

    version: Literal[1]
    iterations: tuple[HistoryEntry, ...]


def history(folder: Path, newest: int | None = None) -> list[IterationSummary]:
    """What was run, oldest first; only the ``newest`` so many if given. Empty when nothing was."""
    with _reading(folder) as journal:
        if journal is None:
            return []
        numbers = journal.numbers()
        return [
            summary(replay(journal.events(number))) for number in (numbers if newest is None else numbers[-newest:])
        ]


def count(folder: Path) -> int:
    """How many iterations are recorded."""
    with _reading(folder) as journal:
        return 0 if journal is None else len(journal.numbers())


def summary(state: RunState) -> IterationSummary:
    """A state in one line, judged by the policy it was run under."""
    return IterationSummary(
        number=state.iteration,
        revision=state.revision,
        began=state.began,
        duration=duration(state),
        state=iteration_state(state),
        verdict=gate.verdict(state, now=time.time()),
        counts=dict(total(state).outcomes),
    )


def iteration_state(state: RunState) -> State:
    """Whether an iteration is still open, was ended by its session, or was cut short."""
    if state.ended is None:
        return "running"
    return "interrupted" if state.interrupted else "finished"


def distrusted(folder: Path) -> dict[str, tuple[int, float]]:
    """The modules that run cold as warm and cold have disagreed: in which iteration they last did, and when."""
    with _reading(folder) as journal:
        return {} if journal is None else journal.distrusted()


def load(folder: Path, number: int | None = None, until: int | None = None) -> RunState:
    """An iteration as its events tell it. ``until``: as it was after that event.

    Without a number, the latest; one that was refused (a mistyped tier) only where there is no other: it says nothing
    of what was deployed.

    Raises StagewatchError when there is none, or none of that number; it names those there are.
    """
    with _reading(folder) as journal:
        numbers = journal.numbers() if journal is not None else []
        if journal is None or not numbers:
            raise StagewatchError("no iteration of this project is recorded yet: `stagewatch run` records the first")
        if number is None:
            states = (replay(journal.events(each)) for each in reversed(numbers))
            return next((state for state in states if not state.refused), None) or replay(journal.events(numbers[-1]))
        if number not in numbers:
            raise StagewatchError(f"there is no iteration {number}; recorded: {_ranges(numbers)}")
        recorded = journal.events(number)
        return replay(recorded if until is None else takewhile(lambda one: one.seq <= until, recorded))


def evidence(folder: Path, iteration: int, test: int, attempt: int) -> Evidence | None:
    """What an attempt (1 upwards) of a test (the run's own number of it) left behind; None when none was kept."""
    with _reading(folder) as journal:
        return None if journal is None else journal.evidence(iteration, test, attempt)


def baseline(folder: Path, before: int) -> Baseline:
    """Usual durations and last outcomes of all tests, by the iterations before ``before``."""
    with _reading(folder) as journal:
        if journal is not None:
            return journal.baseline(before)
    from tui.journal.baseline import Baseline

    return Baseline.nothing()


def past(folder: Path, name: str) -> Past:
    """What a test has done over the iterations. ``name``: its node id, or the end of just one.

    Raises StagewatchError where it names none, or several.
    """
    with _reading(folder) as journal:
        found = [] if journal is None else journal.named(name, _MOST_NAMED + 1)
        nodes = list(dict.fromkeys(node for node, _ in found))
        if journal is None or not nodes:
            raise StagewatchError(f"no test of this project is recorded that is called {name}, or whose name ends so")
        if len(nodes) > 1:
            more = ", and more" if len(nodes) > _MOST_NAMED else ""
            raise StagewatchError(f"{name} is how several tests end: {', '.join(nodes[:_MOST_NAMED])}{more}")
        return journal.past(*found[0])


def past_of(folder: Path, node: str, ordinal: int) -> Past:
    """What one test has done over the iterations; nothing, where it never ran."""
    from tui.state.past import Past

    with _reading(folder) as journal:
        return Past(node, ordinal, ()) if journal is None else journal.past(node, ordinal)


@contextmanager
def evidence_of(folder: Path, iteration: int) -> Iterator[Callable[[int, int], Evidence | None]]:
    """As ``evidence``, for somebody who asks for much of it: the journal is opened once."""
    with _reading(folder) as journal:
        yield lambda test, attempt: None if journal is None else journal.evidence(iteration, test, attempt)


def history_document(iterations: list[IterationSummary]) -> bytes:
    """The JSON of ``history --json``; its schema is ``docs/schemas/history.json``."""
    return msgspec.json.encode(History(1, tuple(_entry(iteration) for iteration in iterations)))


def history_lines(iterations: list[IterationSummary]) -> list[str]:
    """As ``history`` prints it, oldest first."""
    if not iterations:
        return ["no iteration of this project is recorded yet: `stagewatch run` records the first"]
    head = f"{'':>4}  {'began':<16}  {'took':>7}  {'verdict':<12}  {'state':<11}  {'revision':<12}  tests"
    return [head] + [
        f"{each.number:>4}  {time.strftime('%Y-%m-%d %H:%M', time.localtime(each.began))}  {clock(each.duration):>7}  "
        f"{each.verdict.answer:<12}  {each.state:<11}  {each.revision or '-':<12}  "
        + ", ".join(f"{count} {outcome}" for outcome, count in each.counts.items() if count)
        for each in iterations
    ]


def history_schema() -> dict[str, Any]:
    """The JSON Schema of ``history --json``, made from the types above; the published copy is held to it by a test."""
    return msgspec.json.schema(History)


def _entry(iteration: IterationSummary) -> HistoryEntry:
    return HistoryEntry(
        number=iteration.number,
        revision=iteration.revision,
        started=datetime.fromtimestamp(iteration.began, UTC).isoformat(timespec="milliseconds"),
        duration=round(iteration.duration, 3),
        verdict=iteration.verdict.answer,
        state=iteration.state,
        counts={str(outcome): count for outcome, count in sorted(iteration.counts.items())},
    )


@contextmanager
def _reading(folder: Path) -> Iterator[Journal | None]:
    # Imported when asked: a viewer that never looks back does not pay for sqlite3 at its start.
    from tui.journal.journal import Journal

    journal = Journal.read(folder)
    try:
        yield journal
    finally:
        if journal is not None:
            journal.close()


def _ranges(numbers: list[int]) -> str:
    """[1, 2, 3, 7] -> ``1 to 3, 7``"""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(f"{run[0]}" if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs)
