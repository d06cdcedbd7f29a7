"""How each event changes a state."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from tui import events as e
from tui.events import FAILING, Event, FoundTest
from tui.plan.quarantine import quarantine_end
from tui.state.counting import enter, leave
from tui.state.model import ActionRun, Attempt, OnSave, Override, Pass, RunState, Test, Unreachable, Worker
from tui.state.warmth import disagreement_words, trust_words

KEPT_LINES = 1000
"""Lines of the latest action's output that a state holds: the journal has what was recorded besides."""
KEPT_OF_EARLIER = 50
"""Lines of each action before it."""


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


def _iteration_began(state: RunState, event: e.IterationBegan) -> None:
    state.iteration = event.iteration
    state.project = event.project
    state.root = event.root
    state.plan = event.plan
    state.selection = event.selection
    state.partial = event.partial
    state.stamping.begin(event)
    state.revision = event.revision
    state.workers_wanted = event.workers
    state.trend = dict(event.trend)
    state.began = event.at
    state.collecting = True
    state.tiers = {tier.id: tier for tier in event.plan.tiers}
    state.suites = {suite.id: suite for suite in event.plan.suites}


def _target_starting(state: RunState, event: e.TargetStarting) -> None:
    state.starting = True


def _target_started(state: RunState, event: e.TargetStarted) -> None:
    state.starting = False
    state.plan = msgspec.structs.replace(state.plan, target=event.target)
    state.stamping.meet(event.target)


def _target_answered(state: RunState, event: e.TargetAnswered) -> None:
    state.unreachable = None
    state.answered = event.asked


def _target_unreachable(state: RunState, event: e.TargetUnreachable) -> None:
    """What has failed since it last answered may have failed by that alone."""
    state.starting = False
    state.unreachable = Unreachable(event.url, event.why, event.since)
    for test in state.failing():
        last = test.attempts[-1]
        if not test.collection and last.started + last.duration >= event.since:
            leave(state, test)
            test.attempts[-1] = msgspec.structs.replace(last, untargeted=True)
            enter(state, test)


def _revision_read(state: RunState, event: e.RevisionRead) -> None:
    for one, stamp in state.stamping.read(event):
        test = state.tests[one.test]
        leave(state, test)
        attempt = test.attempts[one.attempt - 1]
        test.attempts[one.attempt - 1] = msgspec.structs.replace(
            attempt, before=stamp.before, after=stamp.after, mixed=stamp.mixed
        )
        enter(state, test)
    state.revision = state.stamping.revision


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
            if state.plan.quarantine and (until := quarantine_end(state.plan, found.node)) is not None:
                state.quarantined[found.id] = until
        else:
            leave(state, known)
            known.gone = False
            known.line = found.line
        enter(state, known)


def _test(found: FoundTest, *, collection: bool = False) -> Test:
    return Test(
        id=found.id, node=found.node, ordinal=found.ordinal, tier=found.tier, suite=found.suite,
        path=found.path, line=found.line, usual=found.usual, last=found.last, collection=collection,
        spread=found.spread, carried_from=found.carried_from, carried_revision=found.carried_revision,
        failing_since=found.failing_since, failing_revision=found.failing_revision,
        flaky_before=found.flaky, flaky_of=found.flaky_of,
    )  # fmt: skip


def _tests_gone(state: RunState, event: e.TestsGone) -> None:
    for id in event.tests:
        test = state.tests[id]
        leave(state, test)
        test.gone = True
        test.queued = False
        enter(state, test)


def _collected(state: RunState, event: e.Collected) -> None:
    state.collecting = False
    state.generation = event.generation
    state.python = event.python
    state.pytest = event.pytest
    state.digest = event.digest
    _declare(state, event.environments)
    state.cold_reason = event.cold_reason


def _declare(state: RunState, environments: dict[str, dict[str, str]]) -> None:
    """Take in what is declared now. Attempts with the same have the same number."""
    if not environments or (state.environments and environments == state.environments[-1]):
        return
    state.environments.append(environments)
    for suite in {"", *environments, *state.environment_of}:
        now = _declared(environments, suite)
        state.environment_of[suite] = next(
            number for number, earlier in enumerate(state.environments) if _declared(earlier, suite) == now
        )


def _declared(environments: dict[str, dict[str, str]], suite: str) -> dict[str, str]:
    return {**environments.get("", {}), **environments.get(suite, {})}


def _environment(state: RunState, test: Test) -> int:
    return state.environment_of.get(test.suite, state.environment_of.get("", 0))


def _collection_failed(state: RunState, event: e.CollectionFailed) -> None:
    test = state.tests.get(event.test.id)
    if test is None:
        test = state.tests[event.test.id] = _test(event.test, collection=True)
    else:
        leave(state, test)
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
    enter(state, test)


def _pass_began(state: RunState, event: e.PassBegan) -> None:
    state.digest = event.sources or state.digest
    state.passes.append(Pass(event.number, event.tests, event.requested, event.at, event.by, event.what))
    if state.on_save is not None and event.by.startswith(e.SAVED):
        state.on_save = msgspec.structs.replace(state.on_save, waits=False)
    for id in event.tests:
        _queue(state, state.tests[id], True)


def _queue(state: RunState, test: Test, queued: bool) -> None:
    if test.queued != queued:
        leave(state, test)
        test.queued = queued
        enter(state, test)


def _pass_ended(state: RunState, event: e.PassEnded) -> None:
    ended = next(each for each in state.passes if each.number == event.number)
    ended.ended = event.at
    ended.cancelled = event.cancelled
    ended.goes_on = event.goes_on
    ended.cancelled_by = event.by
    for id in ended.tests:
        _queue(state, state.tests[id], False)


def _worker_started(state: RunState, event: e.WorkerStarted) -> None:
    state.workers[event.worker] = Worker(event.worker, event.pid, event.generation, event.cold_reason)


def _worker_ended(state: RunState, event: e.WorkerEnded) -> None:
    state.workers.pop(event.worker, None)
    state.lost_workers += event.lost


def _test_started(state: RunState, event: e.TestStarted) -> None:
    test = state.tests[event.test]
    leave(state, test)
    test.queued = False
    test.worker = event.worker
    test.started = event.at
    enter(state, test)
    state.workers[event.worker].test = event.test


def _test_finished(state: RunState, event: e.TestFinished) -> None:
    test = state.tests[event.test]
    leave(state, test)
    test.worker = None
    test.started = None
    stamp = state.stamping.finish(event, len(test.attempts) + 1)
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
            state.unreachable is not None and event.outcome in FAILING,
            stamp.before,
            stamp.after,
            stamp.mixed,
            _environment(state, test),
            event.age,
            event.unconfirmed,
        )
    )
    test.queued = test.queued or event.unconfirmed  # it is still to be run in a fresh process
    enter(state, test)
    if not event.unconfirmed and all(earlier.unconfirmed for earlier in test.attempts[:-1]):
        after = event.started + event.duration - state.began
        state.answered_after[test.tier] = max(after, state.answered_after.get(test.tier, 0.0))
    worker = state.workers.get(event.worker)
    if worker is not None:
        worker.test = None
        worker.done += 1


def _disagreed(state: RunState, event: e.Disagreed) -> None:
    test = state.tests[event.test]
    for index in range(len(test.attempts) - 1, -1, -1):
        attempt = test.attempts[index]
        if attempt.cold_reason is not None and attempt.outcome == event.cold:
            test.attempts[index] = msgspec.structs.replace(attempt, contradicted=event.warm)
            break
    state.notices.append((event.at, disagreement_words(test.node, event), True))


def _trusted(state: RunState, event: e.Trusted) -> None:
    state.notices.append((event.at, trust_words(event), False))


def _tests_blocked(state: RunState, event: e.TestsBlocked) -> None:
    for id in event.tests:
        test = state.tests[id]
        leave(state, test)
        test.queued = False
        test.attempts.append(
            Attempt(
                "blocked",
                0,
                state.generation,
                event.at,
                0.0,
                message=event.why,
                digest=state.digest,
                environment=_environment(state, test),
            )
        )
        enter(state, test)


def _overridden(state: RunState, event: e.Overridden) -> None:
    state.override = Override(event.at, event.by, event.why)


def _action_began(state: RunState, event: e.ActionBegan) -> None:
    for earlier in state.actions:
        del earlier.lines[:-KEPT_OF_EARLIER]
    state.actions.append(
        ActionRun(event.number, event.key, event.title, event.command, event.by, event.since or event.at)
    )


def _action_said(state: RunState, event: e.ActionSaid) -> None:
    for run in state.actions[-1:]:
        if run.number == event.number:
            run.said += len(event.lines)
            run.lines += event.lines
            del run.lines[:-KEPT_LINES]


def _action_ended(state: RunState, event: e.ActionEnded) -> None:
    for run in state.actions[-1:]:
        if run.number == event.number:
            run.ended = event.at
            run.exit = event.exit
            run.why = event.why


def _on_save_turned(state: RunState, event: e.OnSaveTurned) -> None:
    state.on_save = OnSave(event.on, event.by)


def _files_saved(state: RunState, event: e.FilesSaved) -> None:
    if state.on_save is not None:
        state.on_save = msgspec.structs.replace(
            state.on_save, at=event.at, paths=event.paths, count=event.count, waits=event.waits, why_not=event.why_not
        )


def _noticed(state: RunState, event: e.Noticed) -> None:
    state.notices.append((event.at, event.text, event.serious))


def _recording_failed(state: RunState, event: e.RecordingFailed) -> None:
    state.not_recorded = event.why


def _iteration_ended(state: RunState, event: e.IterationEnded) -> None:
    state.ended = event.at
    state.interrupted = event.interrupted
    state.end_reason = event.why
    state.refused = event.refused
    state.collecting = state.starting = False
    state.workers.clear()
    for test in state.tests.values():
        if test.queued or test.worker is not None:
            leave(state, test)
            test.queued = False
            test.worker = None
            enter(state, test)


_REDUCERS: dict[type, Callable[[RunState, Any], None]] = {
    e.IterationBegan: _iteration_began,
    e.TargetStarting: _target_starting,
    e.TargetStarted: _target_started,
    e.TargetAnswered: _target_answered,
    e.TargetUnreachable: _target_unreachable,
    e.RevisionRead: _revision_read,
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
    e.Disagreed: _disagreed,
    e.Trusted: _trusted,
    e.TestsBlocked: _tests_blocked,
    e.ActionBegan: _action_began,
    e.ActionSaid: _action_said,
    e.ActionEnded: _action_ended,
    e.OnSaveTurned: _on_save_turned,
    e.FilesSaved: _files_saved,
    e.Noticed: _noticed,
    e.RecordingFailed: _recording_failed,
    e.Overridden: _overridden,
    e.IterationEnded: _iteration_ended,
}
