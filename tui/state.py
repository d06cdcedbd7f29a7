"""What the events add up to.

``RunState`` is everything that board, plain stream, reports, gate and exit code know of an
iteration; ``reduce`` is the only thing that changes one. Both are free of clocks, files and
chance: the same events give the same state, wherever they are added up, and a state can be sent
(it is plain data) and added to on the other side. Whatever can be computed from it is a function
here and is never stored.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Literal, TypeAlias, TypeVar

import msgspec

from tui import events as e
from tui.events import FAILING, Event, Exit, FoundTest, Outcome, Signature
from tui.plan.model import Plan, Selection, Suite, Tier

_Key = TypeVar("_Key")

Status: TypeAlias = Outcome | Literal["running", "waiting"]
"""What a test is now: the outcome of its last attempt, unless an attempt is running or to come."""


class Attempt(msgspec.Struct, frozen=True, array_like=True):
    """One finished execution of a test. Fields as in ``events.TestFinished``."""

    outcome: Outcome
    worker: int
    generation: int
    started: float
    duration: float
    phases: tuple[float, float, float] | None = None
    requested: float | None = None
    cold_reason: str | None = None
    message: str = ""
    signature: Signature | None = None
    exit: Exit | None = None
    subtests: tuple[int, int] | None = None
    has_evidence: bool = False
    digest: str = ""


class Test(msgspec.Struct, array_like=True):
    """One test and all that became of it. ``collection``: it stands for a module that can't be collected."""

    __test__ = False  # not a test class of ours, whatever its name says to pytest

    id: int
    node: str
    ordinal: int
    tier: str
    suite: str
    path: str
    line: int
    usual: float | None
    last: Outcome | None
    attempts: list[Attempt] = []
    queued: bool = False
    worker: int | None = None
    started: float | None = None
    gone: bool = False
    collection: bool = False

    @property
    def outcome(self) -> Outcome:
        """Of the last attempt; *not-run* before there is one."""
        return self.attempts[-1].outcome if self.attempts else "not-run"

    @property
    def status(self) -> Status:
        if self.worker is not None:
            return "running"
        return "waiting" if self.queued else self.outcome

    @property
    def is_failing(self) -> bool:
        """Whether the last word on it is bad, also while it runs again: a rerun is no excuse."""
        return self.outcome in FAILING

    @property
    def is_flaky(self) -> bool:
        return is_flaky(self.attempts)

    @property
    def name(self) -> str:
        """The node id without its file: ``TestClass::test_name[param]``."""
        return self.node.partition("::")[2] or self.node


class Worker(msgspec.Struct, array_like=True):
    """A process that runs tests. ``test`` is the one it runs now; ``done`` counts those it finished."""

    number: int
    pid: int
    generation: int
    cold_reason: str | None = None
    test: int | None = None
    done: int = 0


class Pass(msgspec.Struct, array_like=True):
    """One request to run tests: the run itself is pass 1, each rerun the next."""

    number: int
    tests: tuple[int, ...]
    requested: float
    began: float
    by: str = ""
    what: str = ""
    ended: float | None = None
    cancelled: bool = False


class Tally(msgspec.Struct, array_like=True):
    """How the tests of a tier stand, kept up test by test: nobody has to count 50,000 to draw a row or judge.

    ``total`` leaves out those that are gone. ``ran``: at least one attempt. ``statuses`` and ``outcomes`` hold
    no zeros. ``mending``: they fail, and wait or run again.
    """

    total: int = 0
    ran: int = 0
    statuses: dict[Status, int] = {}
    outcomes: dict[Outcome, int] = {}
    flaky: int = 0
    mending: int = 0

    @property
    def failing(self) -> int:
        """Tests whose last word is bad, also while they run again."""
        return sum(self.outcomes.get(outcome, 0) for outcome in FAILING)

    @property
    def rerunning(self) -> int:
        """Tests that have a result and wait or run again."""
        idle = sum(self.statuses.values()) - sum(self.statuses.get(s, 0) for s in ("running", "waiting", "not-run"))
        return self.ran - idle

    @property
    def rate(self) -> float | None:
        """Passed among passed and failing, 0 to 1; None when there is neither."""
        passed = self.outcomes.get("passed", 0)
        return passed / (passed + self.failing) if passed or self.failing else None


class RunState(msgspec.Struct):
    """An iteration, as its events so far tell it. ``seq`` is the last event counted in."""

    seq: int = 0
    iteration: int = 0
    project: str = ""
    root: str = ""
    plan: Plan = Plan()
    selection: Selection = Selection()
    partial: bool = False
    revision: str | None = None
    workers_wanted: int = 0
    trend: dict[str, tuple[int, ...]] = {}
    began: float = 0.0
    ended: float | None = None
    interrupted: bool = False
    end_reason: str = ""
    now: float = 0.0
    """When the last event happened: the newest moment this state knows of."""
    python: str = ""
    pytest: str = ""
    generation: int = 0
    digest: str = ""
    cold_reason: str | None = None
    collecting: bool = False
    changed: tuple[str, ...] = ()
    not_recorded: str | None = None
    tiers: dict[str, Tier] = {}
    suites: dict[str, Suite] = {}
    tests: dict[int, Test] = {}
    workers: dict[int, Worker] = {}
    passes: list[Pass] = []
    lost_workers: int = 0
    notices: list[tuple[float, str, bool]] = []
    tallies: dict[str, Tally] = {}
    """By tier; read it through the function ``tallies``, which names every tier and in its order."""
    failed: dict[int, None] = {}
    """The ids of the tests that fail now, in the order in which they began to."""

    @property
    def current_pass(self) -> Pass | None:
        """The pass that is running."""
        return self.passes[-1] if self.passes and self.passes[-1].ended is None else None

    @property
    def is_running(self) -> bool:
        """Whether results are still to come without anybody asking for more."""
        if self.ended is not None:
            return False
        return self.collecting or not self.passes or self.current_pass is not None

    @property
    def is_cut_short(self) -> bool:
        """Whether it was interrupted with work under way. A session that ends while idle cuts nothing short."""
        latest = self.passes[-1] if self.passes else None
        return self.interrupted and (latest is None or latest.ended is None or latest.cancelled)

    def present(self) -> Iterator[Test]:
        """The tests that count: all but those that are gone, in the order they were found."""
        return (test for test in self.tests.values() if not test.gone)

    def failing(self) -> list[Test]:
        """The tests that fail now, in the order in which they began to."""
        return [self.tests[id] for id in self.failed]


def is_flaky(attempts: Sequence[Attempt]) -> bool:
    """The last one passed after one had failed, with the same sources: see *flaky* in the design."""
    last = attempts[-1] if attempts else None
    return (
        last is not None
        and last.outcome == "passed"
        and any(a.outcome in FAILING and a.digest == last.digest for a in attempts)
    )


def reduce(state: RunState, event: Event) -> None:
    """Add one event to a state, in place. Events must come in their order, each once."""
    state.now = event.at
    _REDUCERS[type(event)](state, event)


def replay(recorded: Iterable[e.Recorded]) -> RunState:
    """The state that a journal's events add up to."""
    state = RunState()
    for record in recorded:
        reduce(state, record.event)
        state.seq = record.seq
    return state


def counts(tests: Iterable[Test]) -> Counter[Status]:
    """How many tests are in each status."""
    return Counter(test.status for test in tests)


def duration(state: RunState) -> float:
    """Seconds from the beginning to the end of the last pass, or to the newest event while one runs."""
    ended = state.passes[-1].ended if state.passes else state.ended
    return max(0.0, (state.now if ended is None else ended) - state.began)


class Group(msgspec.Struct):
    """Failing tests of one signature, the first to fail first. ``since``: when the first of them failed."""

    signature: Signature
    tests: list[Test]
    since: float


def groups(state: RunState) -> list[Group]:
    """Failing tests by signature: best tier first, then the largest, then the oldest."""
    found: dict[Signature, Group] = {}
    for test in state.failing():
        attempt = test.attempts[-1]
        signature = attempt.signature or Signature(attempt.outcome, attempt.message)
        at = attempt.started + attempt.duration
        group = found.setdefault(signature, Group(signature, [], at))
        group.tests.append(test)
        group.since = min(group.since, at)
    order = {tier.id: index for index, tier in enumerate(ordered_tiers(state))}

    def rank(group: Group) -> tuple[int, int, float]:
        return min(order.get(t.tier, len(order)) for t in group.tests), -len(group.tests), group.since

    return sorted(found.values(), key=rank)


def ordered_tiers(state: RunState) -> list[Tier]:
    """Tiers as they are shown and run: by ``order``, ties in the order they became known."""
    return sorted(state.tiers.values(), key=lambda tier: tier.order)


def by_tier(state: RunState) -> dict[str, list[Test]]:
    """The tests of each tier, every known tier named, in the order of ``ordered_tiers``."""
    found: dict[str, list[Test]] = {tier.id: [] for tier in ordered_tiers(state)}
    for test in state.present():
        found.setdefault(test.tier, []).append(test)
    return found


def tallies(state: RunState) -> dict[str, Tally]:
    """How the tests of each tier stand, every known tier named, in the order of ``ordered_tiers``."""
    found = {tier.id: state.tallies.get(tier.id, Tally()) for tier in ordered_tiers(state)}
    return found | {tier: tally for tier, tally in state.tallies.items() if tier not in found}


def total(state: RunState) -> Tally:
    """How all tests stand."""
    sum_ = Tally()
    for tally in state.tallies.values():
        sum_.total += tally.total
        sum_.ran += tally.ran
        sum_.flaky += tally.flaky
        sum_.mending += tally.mending
        for status, count in tally.statuses.items():
            sum_.statuses[status] = sum_.statuses.get(status, 0) + count
        for outcome, count in tally.outcomes.items():
            sum_.outcomes[outcome] = sum_.outcomes.get(outcome, 0) + count
    return sum_


def _leave(state: RunState, test: Test) -> None:
    """Take a test out of the tallies, before it changes."""
    if test.gone:
        return
    tally = state.tallies[test.tier]
    outcome, status = test.outcome, test.status
    tally.total -= 1
    tally.ran -= bool(test.attempts)
    tally.flaky -= test.is_flaky
    tally.mending -= outcome in FAILING and status != outcome
    _subtract(tally.statuses, status)
    _subtract(tally.outcomes, outcome)


def _enter(state: RunState, test: Test) -> None:
    """Count a test as it stands, after it has changed."""
    if test.gone:
        state.failed.pop(test.id, None)
        return
    tally = state.tallies.get(test.tier)
    if tally is None:
        tally = state.tallies[test.tier] = Tally()
    outcome, status = test.outcome, test.status
    tally.total += 1
    tally.ran += bool(test.attempts)
    tally.flaky += test.is_flaky
    tally.mending += outcome in FAILING and status != outcome
    tally.statuses[status] = tally.statuses.get(status, 0) + 1
    tally.outcomes[outcome] = tally.outcomes.get(outcome, 0) + 1
    if outcome in FAILING:
        state.failed.setdefault(test.id)
    else:
        state.failed.pop(test.id, None)


def _subtract(counted: dict[_Key, int], key: _Key) -> None:
    counted[key] -= 1
    if not counted[key]:
        del counted[key]


def _iteration_began(state: RunState, event: e.IterationBegan) -> None:
    state.iteration = event.iteration
    state.project = event.project
    state.root = event.root
    state.plan = event.plan
    state.selection = event.selection
    state.partial = event.partial
    state.revision = event.revision
    state.workers_wanted = event.workers
    state.trend = dict(event.trend)
    state.began = event.at
    state.collecting = True
    state.tiers = {tier.id: tier for tier in event.plan.tiers}
    state.suites = {suite.id: suite for suite in event.plan.suites}


def _collecting(state: RunState, event: e.Collecting) -> None:
    state.collecting = True
    state.changed = event.changed


def _tests_found(state: RunState, event: e.TestsFound) -> None:
    for tier in event.tiers:
        state.tiers.setdefault(tier.id, tier)
    for suite in event.suites:
        state.suites.setdefault(suite.id, suite)
    for found in event.tests:
        known = state.tests.get(found.id)
        if known is None:
            known = state.tests[found.id] = _test(found)
        else:
            _leave(state, known)
            known.gone = False
            known.line = found.line
        _enter(state, known)


def _test(found: FoundTest, *, collection: bool = False) -> Test:
    return Test(
        id=found.id, node=found.node, ordinal=found.ordinal, tier=found.tier, suite=found.suite,
        path=found.path, line=found.line, usual=found.usual, last=found.last, collection=collection,
    )  # fmt: skip


def _tests_gone(state: RunState, event: e.TestsGone) -> None:
    for id in event.tests:
        test = state.tests[id]
        _leave(state, test)
        test.gone = True
        test.queued = False
        _enter(state, test)


def _collected(state: RunState, event: e.Collected) -> None:
    state.collecting = False
    state.generation = event.generation
    state.python = event.python
    state.pytest = event.pytest
    state.digest = event.digest
    state.cold_reason = event.cold_reason


def _collection_failed(state: RunState, event: e.CollectionFailed) -> None:
    test = state.tests.get(event.test.id)
    if test is None:
        test = state.tests[event.test.id] = _test(event.test, collection=True)
    else:
        _leave(state, test)
    test.gone = False
    test.attempts.append(
        Attempt(
            "error",
            0,
            state.generation,
            event.at,
            0.0,
            message=event.message,
            signature=event.signature,
            has_evidence=event.has_evidence,
        )
    )
    _enter(state, test)


def _pass_began(state: RunState, event: e.PassBegan) -> None:
    state.passes.append(Pass(event.number, event.tests, event.requested, event.at, event.by, event.what))
    for id in event.tests:
        _queue(state, state.tests[id], True)


def _queue(state: RunState, test: Test, queued: bool) -> None:
    if test.queued != queued:
        _leave(state, test)
        test.queued = queued
        _enter(state, test)


def _pass_ended(state: RunState, event: e.PassEnded) -> None:
    latest = state.passes[-1]
    latest.ended = event.at
    latest.cancelled = event.cancelled
    for id in latest.tests:
        _queue(state, state.tests[id], False)


def _worker_started(state: RunState, event: e.WorkerStarted) -> None:
    state.workers[event.worker] = Worker(event.worker, event.pid, event.generation, event.cold_reason)


def _worker_ended(state: RunState, event: e.WorkerEnded) -> None:
    state.workers.pop(event.worker, None)
    state.lost_workers += event.lost


def _test_started(state: RunState, event: e.TestStarted) -> None:
    test = state.tests[event.test]
    _leave(state, test)
    test.queued = False
    test.worker = event.worker
    test.started = event.at
    _enter(state, test)
    state.workers[event.worker].test = event.test


def _test_finished(state: RunState, event: e.TestFinished) -> None:
    test = state.tests[event.test]
    _leave(state, test)
    test.worker = None
    test.started = None
    test.attempts.append(
        Attempt(
            event.outcome,
            event.worker,
            event.generation,
            event.started,
            event.duration,
            event.phases,
            event.requested,
            event.cold_reason,
            event.message,
            event.signature,
            event.exit,
            event.subtests,
            event.has_evidence,
            state.digest,
        )
    )
    _enter(state, test)
    worker = state.workers.get(event.worker)
    if worker is not None:
        worker.test = None
        worker.done += 1


def _noticed(state: RunState, event: e.Noticed) -> None:
    state.notices.append((event.at, event.text, event.serious))


def _recording_failed(state: RunState, event: e.RecordingFailed) -> None:
    state.not_recorded = event.why


def _iteration_ended(state: RunState, event: e.IterationEnded) -> None:
    state.ended = event.at
    state.interrupted = event.interrupted
    state.end_reason = event.why
    state.collecting = False
    state.workers.clear()
    for test in state.tests.values():
        if test.queued or test.worker is not None:
            _leave(state, test)
            test.queued = False
            test.worker = None
            _enter(state, test)


_REDUCERS: dict[type, Callable[[RunState, Any], None]] = {
    e.IterationBegan: _iteration_began,
    e.Collecting: _collecting,
    e.TestsFound: _tests_found,
    e.TestsGone: _tests_gone,
    e.Collected: _collected,
    e.CollectionFailed: _collection_failed,
    e.PassBegan: _pass_began,
    e.PassEnded: _pass_ended,
    e.WorkerStarted: _worker_started,
    e.WorkerEnded: _worker_ended,
    e.TestStarted: _test_started,
    e.TestFinished: _test_finished,
    e.Noticed: _noticed,
    e.RecordingFailed: _recording_failed,
    e.IterationEnded: _iteration_ended,
}
