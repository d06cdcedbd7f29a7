"""The run as a stream of lines: every fact that the board shows, for pipelines, files and screen readers.

``Lines`` is told what a feed takes in and answers with what is new, word first, one fact a line.
It is driven by the *state*, events only saying where to look: so a viewer that comes late, or
misses events and gets a whole new state, is told everything once and nothing twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from tui import events as e
from tui.events import FAILING, Event
from tui.gate import verdict
from tui.reports.actions import action_began, action_ended, output, said_before
from tui.reports.amounts import clock, many, took
from tui.reports.sentences import (
    blocked,
    exit_words,
    is_blocked,
    names_of,
    notice,
    on_save_words,
    pass_began,
    pass_ended,
    result,
    running_time,
    saved_words,
    say,
    selection,
    target_words,
    verdict_line,
)
from tui.reports.summary import count_words, override_words, tier_line, tier_lines
from tui.state import ActionRun, Override, RunState, Test, tallies, total

_MOST_RUNNING = 16


class Lines:
    """What has been told of a run so far. One a stream."""

    def __init__(self) -> None:
        self._attempts: dict[int, int] = {}  # by test, how many are told
        self._outstanding: dict[str, set[int]] = {}  # by tier, what the pass has still to tell
        self._iteration: tuple[int, float] | None = None  # its number (0 without a journal), and when it began
        self._generation = 0
        self._begun = 0
        self._passes_ended = 0
        self._notices = 0
        self._lost = 0
        self._not_recorded = False
        self._override: Override | None = None
        self._on_save = ""
        self._saved = 0.0  # when the latest save was that is told
        self._actions: dict[int, int] = {}  # by its number, how many lines of its output are told
        self._actions_ended: set[int] = set()
        self._said: dict[int, int] = {}  # by an action's number, how many lines it had said before the event at hand
        self._target = ""
        self._revision_told: str | None = None
        self._unread = ""
        self._ended = False
        self._answer = ""

    def of(self, state: RunState, batch: Sequence[Event]) -> list[str]:
        """The lines of a batch of events that ``state`` has taken in; an empty batch: ``state`` is a new one."""
        if not batch:
            return self.catch_up(state)
        self._said = said_before(state, batch)
        lines = [text for event in batch for text in _TELLERS[type(event)](self, state, event)]
        if any(isinstance(event, _WEIGHTY) or _fails(event) for event in batch):
            lines += self._judged(state)
        return lines

    def catch_up(self, state: RunState) -> list[str]:
        """Whatever of a state has not been told yet, in the order it happened."""
        if not state.began:
            return []
        lines = [*self._began(state), *self._target_line(state), *self._collected(state, None)]
        lines += self._revision(state)
        news = {test.tier for test in state.present() if len(test.attempts) > self._attempts.get(test.id, 0)}
        for _, tell in sorted(self._untold(state), key=lambda item: item[0]):
            lines += tell
        lines += self._lost_workers(state)
        lines += self._unrecorded(state)
        lines += self._overridden(state)
        lines += self._turned_on_save(state)
        lines += self._files_saved(state)
        self._outstanding = {}
        for test in state.present():
            if test.queued or test.worker is not None:
                self._outstanding.setdefault(test.tier, set()).add(test.id)
        lines += [tier_line(state, tier) for tier in tallies(state) if tier in news and tier not in self._outstanding]
        lines += self._iteration_ended(state)
        return lines + self._judged(state)

    def progress(self, state: RunState, now: float) -> list[str]:
        """How far it is, and what runs: for the silence between results. ``now`` is in seconds since the epoch."""
        everything = total(state)
        so_far = f"{everything.ran} of {everything.total} done in {clock(now - state.began)}: {count_words(everything)}"
        lines = [say("so far", so_far), verdict_line(verdict(state, now))]
        running = [(worker, state.tests[worker.test]) for worker in state.workers.values() if worker.test is not None]
        for worker, test in running[:_MOST_RUNNING]:
            lines.append(say("running", f"{running_time(test, now)}  worker {worker.number}  {test.tier}  {test.node}"))
        if len(running) > _MOST_RUNNING:
            lines.append(say("running", f"and {len(running) - _MOST_RUNNING} more"))
        return lines

    def _untold(self, state: RunState) -> Iterator[tuple[float, list[str]]]:
        for number, one in enumerate(state.passes):
            if number >= self._begun:
                yield one.began, [pass_began(one)]
            if number >= self._passes_ended and one.ended is not None:
                yield one.ended, [pass_ended(one)]
        self._begun = len(state.passes)
        self._passes_ended = sum(one.ended is not None for one in state.passes)
        at_once: dict[tuple[float, str], int] = {}
        for test in state.present():
            for index in range(self._attempts.get(test.id, 0), len(test.attempts)):
                attempt = test.attempts[index]
                if is_blocked(attempt):
                    key = (attempt.started, attempt.message)
                    at_once[key] = at_once.get(key, 0) + 1
                else:
                    yield attempt.started + attempt.duration, list(result(state, test, index))
            self._attempts[test.id] = len(test.attempts)
        for (at, why), count in at_once.items():
            yield at, [blocked(count, why)]
        for run in state.actions:
            if run.number not in self._actions:
                yield run.began, [*self._action_began(run)]
            yield run.ended or state.now, [*self._rest_of_action(run)]
        for at, text, serious in state.notices[self._notices :]:
            yield at, [notice(text, serious)]
        self._notices = len(state.notices)

    def _began(self, state: RunState) -> Iterator[str]:
        if self._iteration == (state.iteration, state.began) or not state.began:
            return
        self.__dict__.update(Lines().__dict__ | {"_said": self._said})  # another iteration: nothing of it has been told
        self._iteration = (state.iteration, state.began)
        workers = many(state.workers_wanted, "worker")
        yield say("iteration", f"{state.iteration} of {state.project} ({state.root}), {workers}")
        target = state.plan.target
        facts = [target.name or "", target.base_url or "", f"revision {state.revision}" if state.revision else ""]
        if any(facts) and not target.start:
            yield say("target", "  ".join(fact for fact in facts if fact))
        if state.plan.source:
            yield say("plan", state.plan.source)
        if state.partial or not state.selection.is_everything:
            yield say("selection", selection(state))

    def _target_line(self, state: RunState, event: object = None) -> Iterator[str]:
        """How the target stands, when that is another thing than was told last."""
        told = target_words(state)
        if told != self._target:
            self._target = told
            if told:
                yield say("target", told)

    def _revision(self, state: RunState, event: object = None) -> Iterator[str]:
        """Which revision is deployed, and whether that can be told, when that is another thing than was told last."""
        stamping = state.stamping
        deployed = stamping.deployed
        if deployed is not None and deployed != self._revision_told:
            about = "" if deployed == state.revision else f" is deployed, this iteration is about {state.revision}"
            self._revision_told = deployed
            yield say("revision", f"{deployed}{about}")
        if stamping.why != self._unread:
            self._unread = stamping.why
            why = f"does not answer: {stamping.why}" if stamping.why else "answers again"
            yield say("revision", f"the version URL {why}")

    def _blocked(self, state: RunState, event: e.TestsBlocked) -> Iterator[str]:
        news = [id for id in event.tests if self._attempts.get(id, 0) < len(state.tests[id].attempts)]
        if news:
            yield blocked(len(news), event.why)
        for id in news:
            self._attempts[id] = self._attempts.get(id, 0) + 1
        for id in event.tests:
            yield from self._settle(state, state.tests[id])

    def _collecting(self, state: RunState, event: e.Collecting) -> Iterator[str]:
        if event.changed:
            yield say("collecting", f"again, changed: {names_of(event.changed)}")

    def _collected(self, state: RunState, event: e.Collected | None) -> Iterator[str]:
        if self._generation >= state.generation:
            return
        first = not self._generation
        self._generation = state.generation
        count = many(event.count if event else total(state).total, "test")
        time = f" in {took(event.duration)}" if event else ""
        warmth = f"cold: {state.cold_reason}" if state.cold_reason else "warm"
        versions = f"python {state.python}, pytest {state.pytest}"
        if state.changed:
            versions += f", reloaded: {names_of(state.changed)}"
        yield say("collected", f"{count}{time}, generation {state.generation}, {warmth}, {versions}")
        if first and event:
            yield from tier_lines(state)

    def _gone(self, state: RunState, event: e.TestsGone) -> Iterator[str]:
        nodes = [state.tests[id].node for id in event.tests]
        yield say("gone", f"{many(len(nodes), 'test')} no longer collected: {names_of(nodes)}")
        for id in event.tests:
            yield from self._settle(state, state.tests[id])

    def _pass_began(self, state: RunState, event: e.PassBegan) -> Iterator[str]:
        if event.number <= self._begun:
            return
        self._begun = event.number
        for id in event.tests:
            self._outstanding.setdefault(state.tests[id].tier, set()).add(id)
        yield pass_began(state.passes[event.number - 1])

    def _pass_ended(self, state: RunState, event: e.PassEnded) -> Iterator[str]:
        if event.number <= self._passes_ended:
            return
        self._passes_ended = event.number
        for tier in [tier for tier, left in self._outstanding.items() if left]:
            yield tier_line(state, tier)
        self._outstanding.clear()
        yield pass_ended(state.passes[event.number - 1])

    def _started(self, state: RunState, event: e.WorkerStarted) -> Iterator[str]:
        if event.cold_reason and event.cold_reason != state.cold_reason:
            yield say("worker", f"{event.worker} starts cold: {event.cold_reason}")

    def _worker_ended(self, state: RunState, event: e.WorkerEnded) -> Iterator[str]:
        if event.lost:
            if self._lost < state.lost_workers:
                self._lost += 1
                yield say("worker", f"{event.worker} was lost, {exit_words(event.exit)}")
        elif event.exit.signal:  # its exit code is pytest's: 1 where a test failed
            yield say("worker", f"{event.worker} {exit_words(event.exit)}")

    def _lost_workers(self, state: RunState) -> Iterator[str]:
        if self._lost < state.lost_workers:
            yield say("worker", f"{many(state.lost_workers - self._lost, 'worker')} lost before this line")
            self._lost = state.lost_workers

    def _finished(self, state: RunState, event: e.TestFinished | e.CollectionFailed) -> Iterator[str]:
        test = state.tests[event.test if isinstance(event, e.TestFinished) else event.test.id]
        told = self._attempts.get(test.id, 0)
        if told < len(test.attempts):
            self._attempts[test.id] = told + 1
            yield from result(state, test, told)
        if not test.queued:  # else a fresh process is still to confirm it
            yield from self._settle(state, test)

    def _settle(self, state: RunState, test: Test) -> Iterator[str]:
        """A test less to wait for: the last of its tier is followed by the tier's line."""
        left = self._outstanding.get(test.tier)
        if left and test.id in left:
            left.remove(test.id)
            if not left:
                yield tier_line(state, test.tier)

    def _acted(self, state: RunState, event: e.ActionBegan | e.ActionSaid | e.ActionEnded) -> Iterator[str]:
        for run in state.actions:
            if run.number != event.number:
                continue
            yield from self._action_began(run)
            if isinstance(event, e.ActionSaid):
                yield from self._action_said(run, event)
            elif isinstance(event, e.ActionEnded):
                yield from self._rest_of_action(run)

    def _action_said(self, run: ActionRun, event: e.ActionSaid) -> Iterator[str]:
        """From the event, as the state holds only the end of a long output."""
        before, told = self._said[run.number], self._actions[run.number]
        self._said[run.number] = before + len(event.lines)
        if told < before:
            return  # a gap; the state tells what it holds of it when the action ends
        for line in event.lines[told - before :]:
            yield say("output", line)
        self._actions[run.number] = max(told, before + len(event.lines))

    def _action_began(self, run: ActionRun) -> Iterator[str]:
        if run.number not in self._actions:
            self._actions[run.number] = 0
            yield action_began(run)

    def _rest_of_action(self, run: ActionRun) -> Iterator[str]:
        yield from output(run, self._actions[run.number])
        self._actions[run.number] = run.said
        if run.ended is not None and run.number not in self._actions_ended:
            self._actions_ended.add(run.number)
            yield action_ended(run)

    def _noticed(self, state: RunState, event: e.Noticed | e.Disagreed | e.Trusted) -> Iterator[str]:
        if self._notices < len(state.notices):
            _, text, serious = state.notices[self._notices]
            self._notices += 1
            yield notice(text, serious)

    def _unrecorded(self, state: RunState, event: object = None) -> Iterator[str]:
        if state.not_recorded is not None and not self._not_recorded:
            self._not_recorded = True
            yield say("attention", f"results are not recorded: {state.not_recorded}")

    def _overridden(self, state: RunState, event: object = None) -> Iterator[str]:
        if state.override is not None and state.override != self._override:
            self._override = state.override
            yield say("override", override_words(state.override))

    def _turned_on_save(self, state: RunState, event: object = None) -> Iterator[str]:
        words = on_save_words(state.on_save) if state.on_save is not None else ""
        if words != self._on_save:
            self._on_save = words
            yield say("on save", words)

    def _files_saved(self, state: RunState, event: e.FilesSaved | None = None) -> Iterator[str]:
        """From the event, if there is one: the state holds only the latest save, and only until its tests run."""
        saved = event or state.on_save
        if saved is not None and saved.at > self._saved:
            self._saved = saved.at
            if words := saved_words(saved):
                yield say("saved", words)

    def _iteration_ended(self, state: RunState, event: object = None) -> Iterator[str]:
        if state.ended is not None and not self._ended:
            self._ended = True
            because = f": {state.end_reason}" if state.end_reason else ""
            yield say("ended", f"iteration {state.iteration}{', interrupted' if state.interrupted else ''}{because}")

    def _judged(self, state: RunState) -> list[str]:
        """A line when the verdict, or how far it stands, has changed."""
        found = verdict(state, state.now)
        answer = f"{found.answer} {found.standing} {state.unreachable}"
        if answer == self._answer:
            return []
        self._answer = answer
        return [verdict_line(found)]

    def _nothing(self, state: RunState, event: object) -> Iterable[str]:
        return ()


_WEIGHTY = (
    e.IterationBegan, e.PassBegan, e.PassEnded, e.RecordingFailed, e.CollectionFailed, e.IterationEnded,
    e.Collected, e.TargetUnreachable, e.TargetAnswered, e.TestsBlocked, e.RevisionRead,
)  # fmt: skip
"""Events after which the verdict is looked at again; so it is after a failing result."""


def _fails(event: Event) -> bool:
    return isinstance(event, e.TestFinished) and event.outcome in FAILING


_TELLERS: dict[type, Callable[[Lines, RunState, Any], Iterable[str]]] = {
    e.IterationBegan: lambda lines, state, event: lines._began(state),
    e.TargetStarting: Lines._target_line,
    e.TargetStarted: Lines._target_line,
    e.TargetAnswered: Lines._target_line,
    e.TargetUnreachable: Lines._target_line,
    e.RevisionRead: Lines._revision,
    e.Collecting: Lines._collecting,
    e.TestsFound: Lines._nothing,
    e.TestsGone: Lines._gone,
    e.Collected: Lines._collected,
    e.CollectionFailed: Lines._finished,
    e.PassBegan: Lines._pass_began,
    e.PassEnded: Lines._pass_ended,
    e.WorkerStarted: Lines._started,
    e.WorkerEnded: Lines._worker_ended,
    e.TestStarted: Lines._nothing,
    e.TestFinished: Lines._finished,
    e.Disagreed: Lines._noticed,
    e.Trusted: Lines._noticed,
    e.TestsBlocked: Lines._blocked,
    e.ActionBegan: Lines._acted,
    e.ActionSaid: Lines._acted,
    e.ActionEnded: Lines._acted,
    e.OnSaveTurned: Lines._turned_on_save,
    e.FilesSaved: Lines._files_saved,
    e.Noticed: Lines._noticed,
    e.RecordingFailed: Lines._unrecorded,
    e.Overridden: Lines._overridden,
    e.IterationEnded: Lines._iteration_ended,
}
