"""The results of an iteration as one JSON document: version 1, published in ``docs/schemas/results.json``.

Others script against it: a field is never renamed, and what is not known is null. Readers ignore
fields they don't know; outcomes may grow. Times are ISO 8601 in UTC, durations seconds.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Literal, TypeAlias, get_args

import msgspec

from tui import events as e
from tui.events import Evidence, Outcome
from tui.gate import Answer, NotChecked, Standing, Verdict
from tui.reports.sentences import exit_words
from tui.state import ActionRun, Attempt, RunState, Test, duration, ordered_tiers
from tui.state.colours import Colour, Turn, turn
from tui.state.derived import failing_since

VERSION: Literal[1] = 1

EvidenceOf: TypeAlias = Callable[[int, int], Evidence | None]
"""What an attempt left behind, by the test's id and the attempt's number (1 upwards)."""

Counts: TypeAlias = dict[Outcome, int]
"""Every outcome by name, each test once, zeros included: a script may ask for any."""


class Target(msgspec.Struct, frozen=True):
    """``unreachable``: why it does not answer, in a sentence; null while it does, or was not asked."""

    name: str | None
    revision: str | None
    unreachable: str | None = None


class Override(msgspec.Struct, frozen=True):
    """Somebody has let the deploy go on, whatever the verdict is."""

    at: str
    by: str
    why: str


class Action(msgspec.Struct, frozen=True):
    """An action of the plan that was run. ``exit_code`` is null while it runs and where there is none; ``why``: why."""

    key: str
    title: str
    command: tuple[str, ...]
    by: str
    began: str
    ended: str | None
    exit_code: int | None
    why: str | None


class TierCounts(msgspec.Struct, frozen=True):
    id: str
    title: str
    counts: Counts


class SuiteCounts(msgspec.Struct, frozen=True):
    id: str
    title: str
    tier: str
    counts: Counts


class CollectionError(msgspec.Struct, frozen=True):
    path: str
    message: str


class Stamp(msgspec.Struct, frozen=True):
    """The target's revision before and after an attempt; *mixed*: it changed meanwhile."""

    before: str | None
    after: str | None
    mixed: bool


class Why(msgspec.Struct, frozen=True):
    """How an attempt's colour differs from the one's before; ``known``: what else had changed, nothing for a flake."""

    turned: Colour
    known: tuple[str, ...]


class Phases(msgspec.Struct, frozen=True):
    setup: float
    call: float
    teardown: float


class ProcessExit(msgspec.Struct, frozen=True):
    """How the worker ended with the test in it, and where its threads stood."""

    code: int | None
    signal: str | None
    stacks: str | None


class Subtest(msgspec.Struct, frozen=True):
    name: str
    outcome: Outcome
    message: str | None


class AttemptResult(msgspec.Struct, frozen=True):
    """``warm``: in a fork of a collected process, or ``cold_reason`` says why not. Null where no worker ran it.

    ``generation``: which collection it is of. ``age``: for how many seconds that had been collected when it began;
    null for a fresh process, which collects for itself. ``unconfirmed``: a rerun's failure in a fork, which counts only
    when a fresh process has said the same. ``disagreed_with``: it ran cold, and the warm attempt before it said this.
    """

    number: int
    outcome: Outcome
    warm: bool | None
    cold_reason: str | None
    generation: int | None
    age: float | None
    unconfirmed: bool
    disagreed_with: Outcome | None
    worker: int | None
    requested: str | None
    started: str
    duration: float
    stamp: Stamp | None
    why: Why | None
    phases: Phases | None
    message: str | None
    traceback: str | None
    exit: ProcessExit | None
    subtests: tuple[Subtest, ...]
    sections: tuple[tuple[str, str], ...]
    cut: tuple[str, ...]


class Since(msgspec.Struct, frozen=True):
    """The iteration in which an unbroken row of failures began, and the revision it was about."""

    iteration: int
    revision: str | None


class FlakyBefore(msgspec.Struct, frozen=True):
    """In ``iterations`` of the ``of`` before this one that ran the test, it was flaky."""

    iterations: int
    of: int


class TestResult(msgspec.Struct, frozen=True):
    """``id`` is the node id as pytest prints it; ``ordinal`` tells equal ids apart. ``disagreed``: its last attempt ran
    cold and said the opposite of the warm one before it.
    """

    __test__ = False

    id: str
    ordinal: int
    suite: str
    tier: str
    outcome: Outcome
    flaky: bool
    disagreed: bool
    carried: bool
    duration: float | None
    failing_since: Since | None
    flaky_before: FlakyBefore | None
    attempts: tuple[AttemptResult, ...]


class Results(msgspec.Struct, frozen=True):
    version: Literal[1]
    iteration: int
    state: Literal["running", "finished", "interrupted"]
    target: Target
    verdict: Answer
    standing: Standing
    reasons: tuple[str, ...]
    not_checked: tuple[NotChecked, ...]
    valid_until: str | None
    override: Override | None
    actions: tuple[Action, ...]
    exit_code: int
    counts: Counts
    flaky: int
    carried: int
    started: str | None
    duration: float
    tiers: tuple[TierCounts, ...]
    suites: tuple[SuiteCounts, ...]
    collection_errors: tuple[CollectionError, ...]
    tests: tuple[TestResult, ...]


def results(state: RunState, verdict: Verdict, evidence: EvidenceOf) -> Results:
    """The document of a state, judged as ``verdict``. ``evidence`` is asked only for attempts that left some."""
    tests = tuple(state.present())
    by_tier, by_suite = _grouped(tests)
    tiers = [(tier.id, tier.title) for tier in ordered_tiers(state)]
    tiers += [(id, "") for id in by_tier if id not in state.tiers]
    return Results(
        version=VERSION,
        iteration=state.iteration,
        state="interrupted" if state.is_cut_short else "running" if state.is_running else "finished",
        target=Target(
            state.plan.target.name, state.revision, None if state.unreachable is None else state.unreachable.sentence
        ),
        verdict=verdict.answer,
        standing=verdict.standing,
        reasons=verdict.reasons,
        not_checked=verdict.not_checked,
        valid_until=None if verdict.valid_until is None else moment(verdict.valid_until),
        override=_override(verdict),
        actions=tuple(map(_action, state.actions)),
        exit_code=verdict.exit_code,
        counts=_counts(tests),
        flaky=sum(test.is_flaky for test in tests),
        carried=sum(test.is_carried for test in tests),
        started=moment(state.began) if state.iteration else None,
        duration=_seconds(duration(state)),
        tiers=tuple(TierCounts(id, title, _counts(by_tier.get(id, ()))) for id, title in tiers),
        suites=tuple(_suites(state, by_suite)),
        collection_errors=tuple(
            CollectionError(test.node, test.attempts[-1].message)
            for test in tests
            if test.collection and test.is_failing
        ),
        tests=tuple(_test(state, test, evidence) for test in tests),
    )


def encode(document: Results) -> bytes:
    """The document as it is written: one line of UTF-8, with a newline at its end."""
    return msgspec.json.encode(document) + b"\n"


def _override(verdict: Verdict) -> Override | None:
    found = verdict.override
    return None if found is None else Override(moment(found.at), found.by, found.why)


def _action(run: ActionRun) -> Action:
    ended = None if run.ended is None else moment(run.ended)
    code = None if run.exit is None else run.exit.code
    why = run.why or (exit_words(run.exit) if run.exit is not None and run.exit.signal else None)
    return Action(run.key, run.title, run.command, run.by, moment(run.began), ended, code, why)


def moment(at: float) -> str:
    """Seconds since the epoch in ISO 8601, to the millisecond, in UTC."""
    return datetime.datetime.fromtimestamp(at, datetime.UTC).isoformat(timespec="milliseconds")


def _grouped(tests: Iterable[Test]) -> tuple[dict[str, list[Test]], dict[str, list[Test]]]:
    by_tier: dict[str, list[Test]] = {}
    by_suite: dict[str, list[Test]] = {}
    for test in tests:
        by_tier.setdefault(test.tier, []).append(test)
        by_suite.setdefault(test.suite, []).append(test)
    return by_tier, by_suite


def _suites(state: RunState, by_suite: dict[str, list[Test]]) -> Iterable[SuiteCounts]:
    for suite in state.suites.values():
        yield SuiteCounts(suite.id, suite.title, suite.tier, _counts(by_suite.get(suite.id, ())))
    for id, tests in by_suite.items():
        if id not in state.suites:
            yield SuiteCounts(id, "", tests[0].tier, _counts(tests))


def _counts(tests: Iterable[Test]) -> Counts:
    found = Counter(test.outcome for test in tests)
    return {outcome: found[outcome] for outcome in get_args(Outcome)}


def _test(state: RunState, test: Test, evidence: EvidenceOf) -> TestResult:
    last = test.attempts[-1] if test.attempts else None
    return TestResult(
        id=test.node,
        ordinal=test.ordinal,
        suite=test.suite,
        tier=test.tier,
        outcome=test.outcome,
        flaky=test.is_flaky,
        disagreed=test.has_disagreed,
        carried=test.is_carried,
        duration=None if last is None else _seconds(last.duration),
        failing_since=None if (since := failing_since(state, test)) is None else Since(since.iteration, since.revision),
        flaky_before=FlakyBefore(test.flaky_before, test.flaky_of) if test.flaky_before else None,
        attempts=tuple(
            _attempt(
                number,
                attempt,
                (evidence(test.id, number) if attempt.has_evidence else None) or Evidence(),
                turn(state, test, number - 1),
            )
            for number, attempt in enumerate(test.attempts, 1)
        ),
    )


def _attempt(number: int, attempt: Attempt, evidence: Evidence, turned: Turn | None) -> AttemptResult:
    in_worker = attempt.worker > 0
    return AttemptResult(
        number=number,
        outcome=attempt.outcome,
        warm=attempt.cold_reason is None if in_worker else None,
        cold_reason=attempt.cold_reason,
        generation=attempt.generation if in_worker else None,
        age=None if attempt.age is None else _seconds(attempt.age),
        unconfirmed=attempt.unconfirmed,
        disagreed_with=attempt.contradicted,
        worker=attempt.worker if in_worker else None,
        requested=None if attempt.requested is None else moment(attempt.requested),
        started=moment(attempt.started),
        duration=_seconds(attempt.duration),
        stamp=_stamp(attempt),
        why=None if turned is None else Why(turned.colour, turned.known),
        phases=None if attempt.phases is None else Phases(*map(_seconds, attempt.phases)),
        message=attempt.message or None,
        traceback=evidence.traceback or None,
        exit=_exit(attempt.exit, evidence.stacks),
        subtests=tuple(Subtest(one.name, one.outcome, one.message or None) for one in evidence.subtests),
        sections=evidence.sections,
        cut=evidence.cut,
    )


def _stamp(attempt: Attempt) -> Stamp | None:
    """None where none was asked for, and where no reading is known of."""
    if attempt.before is None and attempt.after is None:
        return None
    return Stamp(attempt.before, attempt.after, attempt.mixed)


def _exit(exit: e.Exit | None, stacks: str) -> ProcessExit | None:
    if exit is None and not stacks:
        return None
    known = exit or e.Exit()
    return ProcessExit(known.code, known.signal, stacks or None)


def _seconds(value: float) -> float:
    """To the microsecond: what a clock's noise adds is not worth its bytes."""
    return round(value, 6)
