"""The workers: who runs what, what became of it, and what to do when one dies or hangs.

The crew is told things (a worker said, a worker exited, a limit passed) and answers them; it never
waits. Results become events here, and nowhere else.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Container, Iterable
from contextlib import suppress
from typing import Literal

import msgspec

from tui.diagnosis.signature import signature
from tui.engine import wire
from tui.engine.generation import Generation
from tui.engine.schedule import Schedule, Switch, Task, Unit
from tui.events import (
    FAILING,
    Event,
    Evidence,
    Exit,
    Noticed,
    Outcome,
    TestFinished,
    TestStarted,
    WorkerEnded,
    WorkerStarted,
)

FAREWELL = 10.0
"""Seconds that a worker gets to end as pytest ends, when there is nothing more for it to run."""
GRACE = 2.0
"""Seconds between TERM and KILL."""
STACKS_PATIENCE = 1.0
"""Seconds that a test over its limit gets to leave its stacks before it is ended: the agent's clock may be late."""
_NOBODY = 1 << 30
"""No process has this number."""
_STILLBORN_LIMIT = 3
"""So many workers in a row that died before they ran anything: it is not the tests' fault, and no use to go on."""

Emit = Callable[[Event, Evidence | None], None]


class _Worker(msgspec.Struct):
    """``given``: what it has to run after ``running``, in that order. ``doomed``: why it is being ended.
    ``ready``: it can run tests; before, ``running`` is what it will begin with.

    ``stopping``: it wants to end after ``running``. ``dropping``: it was told to leave ``given``, and may or may not
    have begun the first of it by then: that one is ``running``, but ``unsaid`` until it is known.
    ``cold``: it is a fresh process. ``reasons``: why, by what it was given, where it could have been a fork.
    """

    number: int
    generation: Generation
    pid: int = 0
    cold: bool = False
    reasons: dict[int, str] = msgspec.field(default_factory=dict)
    ready: bool = False
    running: int | None = None
    given: deque[int] = msgspec.field(default_factory=deque)
    started: float = 0.0
    deadline: float | None = None
    doomed: Literal["timeout", "cancelled"] | None = None
    cancelled_by: str = ""
    aborted: wire.Aborted | None = None
    idle: bool = False
    stopping: bool = False
    dropping: bool = False
    unsaid: bool = False
    finishing: bool = False
    ran: int = 0

    def age(self, at: float) -> float | None:
        return None if self.cold else self.generation.age(at)

    def cold_reason(self, test: int | None) -> str | None:
        """Why it is a fresh process for this test; None where it is a fork."""
        return self.generation.cold_reason or self.reasons.get(test or 0) or None


class Crew:
    """Runs what is added, on at most ``slots`` workers. ``on_change`` is called when something has ended."""

    def __init__(
        self,
        slots: int,
        emit: Emit,
        generation_of: Callable[[int], Generation | None],
        limit_of: Callable[[int], float | None],
        requested_of: Callable[[int], float | None],
        is_confirmed: Callable[[int], bool],
        on_change: Callable[[], None],
    ) -> None:
        """``is_confirmed``: whether a test's failure in a fork counts only when a fresh process says the same."""
        self._slots = slots
        self._emit = emit
        self._generation_of = generation_of
        self._limit_of = limit_of
        self._requested_of = requested_of
        self._is_confirmed = is_confirmed
        self._on_change = on_change
        self._schedule = Schedule()
        self._workers: dict[int, _Worker] = {}
        self._count = 0
        self._stillborn = 0
        self._watch: asyncio.TimerHandle | None = None
        self._watch_at = 0.0

    @property
    def is_done(self) -> bool:
        """Nothing runs and nothing waits (workers may still be on their way out)."""
        return self._schedule.is_empty and all(w.running is None and not w.given for w in self._workers.values())

    @property
    def is_empty(self) -> bool:
        """No worker is alive."""
        return not self._workers

    def pending(self) -> set[int]:
        """The tests that run or wait."""
        begun = {worker.running for worker in self._workers.values() if worker.running is not None}
        return begun.union(self._schedule.waiting(), *(worker.given for worker in self._workers.values()))

    def tell_again(self) -> None:
        """Tell those who have not heard of it which workers there are."""
        for worker in self._workers.values():
            if worker.pid:
                self._tell_started(worker)

    def keep(self, tests: Container[int]) -> None:
        """What waits and is not among these is no longer there."""
        self._schedule.keep(tests)

    def add(self, tasks: Iterable[Task], *, first: bool = False) -> None:
        """Run these."""
        self._schedule.add(tasks, first=first)
        self._poke()
        self._on_change()

    def halt(self) -> None:
        """Begin no more tests; those that run may end."""
        self._halt()
        self._poke()
        self._on_change()

    def abandon(self) -> list[int]:
        """Begin no more units; what workers have been given may end. Returns what was left."""
        left = self._schedule.clear()
        self._poke()
        return left

    def cancel(self, test: int | None = None, by: str = "") -> bool:
        """End one running test, or all that runs, and (for all) begin nothing more; False if that test does not run.

        ``by``: who asks for it, which stands in what is told of each.
        """
        if test is None:
            self._schedule.clear()
        chosen = [w for w in self._workers.values() if w.running is not None and test in (None, w.running)]
        for worker in chosen:
            if test is None:
                worker.given.clear()
            worker.cancelled_by = worker.cancelled_by or by
            self._end(worker, "cancelled")
        self._poke()
        self._on_change()
        return bool(chosen)

    def forget(self, generation: Generation) -> None:
        """Its zygote has died: end its workers too, so that none runs on beside its successor, and tell so of each."""
        for worker in [w for w in self._workers.values() if w.generation is generation]:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(worker.pid or _NOBODY, signal.SIGKILL)
            self.exited(worker.generation, wire.Exited(worker.number, None, "SIGKILL", ""), why="its zygote was killed")

    def started(self, number: int, pid: int) -> None:
        worker = self._workers[number]
        worker.pid = pid
        self._tell_started(worker)

    def _tell_started(self, worker: _Worker) -> None:
        generation, reason = worker.generation.number, worker.cold_reason(worker.running)
        self._emit(WorkerStarted(time.time(), worker.number, worker.pid, generation, reason), None)

    def _be_ready(self, worker: _Worker) -> None:
        worker.ready = True
        if worker.running is not None:
            self._begin(worker, worker.running)

    def said(self, number: int, message: wire.FromWorker) -> None:
        worker = self._workers.get(number)
        if worker is None:
            return
        match message:
            case wire.Ready():
                self._be_ready(worker)
            case wire.Pull():
                self._give(worker)
            case wire.Done():
                self._take(worker, message)
            case wire.Missing():
                self._miss(worker, message)
            case wire.Aborted():
                worker.aborted = message
            case wire.Stopping():
                self._stop(worker, message.reason)
            case wire.Dropped():
                self._drop(worker)

    def exited(self, generation: Generation, exited: wire.Exited, why: str = "") -> None:
        worker = self._workers.pop(exited.worker, None)
        if worker is None or worker.generation is not generation:
            return
        how = Exit(exited.code, exited.signal)
        blamed = worker.running is not None and worker.ready
        if worker.running is not None and blamed:
            self._blame(worker, worker.running, how, exited.stacks, why)
        elif worker.running is not None and worker.doomed is None:
            worker.given.appendleft(worker.running)
        if worker.aborted is not None and worker.aborted.exits:
            worker.given.clear()
        self._schedule.lost(worker.number, worker.given)
        lost = not (worker.finishing or blamed or worker.doomed)
        self._stillborn = self._stillborn + 1 if lost and not worker.ran else 0
        self._emit(WorkerEnded(time.time(), worker.number, how, lost=lost), None)
        if worker.aborted is not None and worker.aborted.exits:
            self._notice(f"pytest.exit ended the run: {worker.aborted.message}", serious=True)
            self._halt()
        elif self._stillborn >= _STILLBORN_LIMIT:
            self._notice(
                f"{self._stillborn} workers in a row ended before they ran a test; the rest is not run", serious=True
            )
            self._schedule.clear()
        self._poke()
        self._on_change()

    def _poke(self) -> None:
        """Give work to whoever waits for it, start workers while there is more, send home who is not needed."""
        for worker in list(self._workers.values()):
            if worker.idle:
                self._offer(worker)
        while len(self._workers) < self._slots:
            group = self._schedule.group_wanted()
            generation = None if group is None else self._generation_of(group)
            if generation is None or not generation.is_ready:
                return
            self._start(generation)

    def _start(self, generation: Generation) -> None:
        self._count += 1
        worker = self._workers[self._count] = _Worker(self._count, generation)
        unit = self._schedule.next(worker.number, generation.lane)
        assert isinstance(unit, Unit), "one more worker was wanted"
        worker.cold = bool(unit.cold)
        generation.start_worker(worker.number, cold=worker.cold)
        self._hand(worker, unit)
        worker.running = worker.given.popleft()

    def _next(self, worker: _Worker) -> Unit | Switch | None:
        """What this worker is to run now. Where none can be forked all are alike."""
        generation = worker.generation
        is_cold = worker.cold if generation.cold_reason is None else None
        return self._schedule.next(worker.number, generation.lane, is_cold=is_cold)

    def _hand(self, worker: _Worker, unit: Unit) -> None:
        if unit.cold:
            worker.reasons.update(dict.fromkeys(unit.tests, unit.cold))
        worker.given.extend(unit.tests)
        worker.generation.run(worker.number, unit.tests, self._limit_of(unit.tests[0]))

    def _offer(self, worker: _Worker) -> None:
        unit = self._next(worker)
        if isinstance(unit, Unit):
            worker.idle = False
            self._hand(worker, unit)
            self._begin(worker, worker.given.popleft())
        elif isinstance(unit, Switch) or self._schedule.is_empty:
            self._send_home(worker)

    def _give(self, worker: _Worker) -> None:
        """It asks for its next unit, from the teardown of its last test."""
        # An exclusive suite is alone until it is torn down, too.
        waits = worker.doomed or (worker.running is not None and self._schedule.holds_exclusive(worker.number))
        unit = None if waits else self._next(worker)
        if isinstance(unit, Unit):
            self._hand(worker, unit)
            if worker.running is None:
                self._begin(worker, worker.given.popleft())
            self._poke()
            return
        worker.generation.idle(worker.number)
        if worker.running is None and not worker.doomed:
            self._rest(worker)

    def _take(self, worker: _Worker, done: wire.Done) -> None:
        test = worker.generation.tests[done.index]
        if test is None or test != worker.running:
            return  # not the test it was given: nothing that can be believed
        explained = done.explained
        if worker.doomed == "timeout" and explained.outcome in FAILING:
            # What it says is how it took its end, not what is wrong with it.
            explained = msgspec.structs.replace(explained, outcome="timeout", message=self._too_long(test))
        self._finish(worker, test, explained, more=done.more)
        if explained.outcome in FAILING:
            worker.generation.foresee(done.index)
        if done.more:
            return
        self._go_on(worker)

    def _go_on(self, worker: _Worker) -> None:
        """Its test is over: the next one of its unit begins, or it rests."""
        worker.ran += 1
        worker.running = None
        if worker.doomed:
            return  # it is being ended: what it was given is run by another
        if worker.stopping:
            self._send_home(worker)
            self._on_change()
        elif worker.given:
            self._begin(worker, worker.given.popleft())
        else:
            self._rest(worker)
            self._on_change()

    def _rest(self, worker: _Worker) -> None:
        worker.deadline = None
        worker.idle = True
        self._schedule.done(worker.number)
        self._poke()

    def _miss(self, worker: _Worker, missing: wire.Missing) -> None:
        test = worker.generation.tests[missing.index]
        if test is not None and test == worker.running:
            message = "a fresh process did not collect this test: its id changes from one collection to the next"
            self._finish(worker, test, wire.Explained(outcome="error", started=time.time(), message=message))
            self._go_on(worker)

    def _stop(self, worker: _Worker, reason: str) -> None:
        """Said before the result of the test that brought it about."""
        self._notice(f"pytest stopped the run: {reason}", serious=True)
        worker.given.clear()
        worker.stopping = True
        self._halt()

    def _halt(self) -> None:
        """Begin nothing more, as pytest does when it stops: what runs may end."""
        self._schedule.clear()
        for worker in self._workers.values():
            if worker.given:
                worker.dropping = True
                worker.generation.drop(worker.number)

    def _drop(self, worker: _Worker) -> None:
        """It has left the rest of its unit. It asks for more right after."""
        worker.given.clear()
        worker.dropping = False
        if worker.unsaid:
            worker.unsaid = False
            worker.running = None

    def _begin(self, worker: _Worker, test: int) -> None:
        worker.running = test
        worker.started = time.time()
        limit = self._limit_of(test)
        worker.deadline = None if limit is None else time.monotonic() + limit
        worker.unsaid = worker.dropping
        if not worker.unsaid:
            self._emit(TestStarted(worker.started, test, worker.number), None)
        self._watch_for(worker.deadline)

    def _say_begun(self, worker: _Worker, test: int) -> None:
        """What ended had begun, also if that was not known."""
        if worker.unsaid:
            worker.unsaid = False
            self._emit(TestStarted(worker.started, test, worker.number), None)

    def _send_home(self, worker: _Worker) -> None:
        """There is nothing more for it: it may end as pytest ends, but not for ever."""
        worker.idle = False
        worker.finishing = True
        worker.deadline = time.monotonic() + FAREWELL
        worker.generation.finish_worker(worker.number)
        self._watch_for(worker.deadline)

    def _watch_for(self, deadline: float | None) -> None:
        """One timer, for the limit that comes first: tests that end in time need none of their own."""
        if deadline is None or (self._watch is not None and self._watch_at <= deadline):
            return
        if self._watch is not None:
            self._watch.cancel()
        self._watch_at = deadline
        wait = max(0.0, deadline - time.monotonic())
        self._watch = asyncio.get_running_loop().call_later(wait, self._watch_limits)

    def _watch_limits(self) -> None:
        self._watch = None
        now = time.monotonic()
        for worker in list(self._workers.values()):
            if worker.deadline is None or worker.doomed is not None:
                continue
            if worker.deadline > now:
                self._watch_for(worker.deadline)
            elif worker.finishing:
                self._notice(f"worker {worker.number} did not end by itself within {FAREWELL:g} s and was ended")
                worker.deadline = None
                worker.generation.end_worker(worker.number, GRACE, 0.0)
            else:
                self._end(worker, "timeout")

    def _end(self, worker: _Worker, why: Literal["timeout", "cancelled"]) -> None:
        if worker.doomed is None:
            worker.doomed = why
            worker.generation.end_worker(worker.number, GRACE, STACKS_PATIENCE if why == "timeout" else 0.0)

    def _is_unconfirmed(self, worker: _Worker, test: int, outcome: Outcome) -> bool:
        return outcome in FAILING and worker.cold_reason(test) is None and self._is_confirmed(test)

    def _finish(self, worker: _Worker, test: int, explained: wire.Explained, *, more: bool = False) -> None:
        self._say_begun(worker, test)
        evidence = explained.evidence()
        failing = explained.outcome in FAILING
        subtests = [outcome for _, outcome, _ in explained.subtests]
        self._emit(
            TestFinished(
                time.time(), test, worker.number, worker.generation.number, explained.outcome,
                explained.started, explained.duration, explained.phases,
                requested=self._requested_of(test),
                cold_reason=worker.cold_reason(test),
                message=explained.message,
                signature=signature(explained.exception, explained.message, explained.own_frame) if failing else None,
                subtests=(len(subtests) - subtests.count("failed"), subtests.count("failed")) if subtests else None,
                has_evidence=evidence is not None,
                age=worker.age(explained.started),
                unconfirmed=not more and self._is_unconfirmed(worker, test, explained.outcome),
            ),
            evidence,
        )  # fmt: skip

    def _blame(self, worker: _Worker, test: int, how: Exit, stacks: str, why: str) -> None:
        """The test that a worker died in, or was ended for."""
        self._say_begun(worker, test)
        outcome: Outcome = worker.doomed or "crashed"
        now = time.time()
        message = {
            "timeout": self._too_long(test),
            "cancelled": f"cancelled by {worker.cancelled_by}" if worker.cancelled_by else "cancelled",
        }.get(outcome) or _crash(worker, how, why)
        evidence = Evidence(stacks=stacks) if stacks else None
        self._emit(
            TestFinished(
                now, test, worker.number, worker.generation.number, outcome, worker.started, now - worker.started,
                requested=self._requested_of(test),
                cold_reason=worker.cold_reason(test),
                message=message,
                signature=signature(outcome, message, "") if outcome in FAILING else None,
                exit=how,
                has_evidence=evidence is not None,
                age=worker.age(worker.started),
                unconfirmed=self._is_unconfirmed(worker, test, outcome),
            ),
            evidence,
        )  # fmt: skip

    def _too_long(self, test: int) -> str:
        return f"no result within {self._limit_of(test) or 0:g} s"

    def _notice(self, text: str, *, serious: bool = False) -> None:
        self._emit(Noticed(time.time(), text, serious), None)


def _crash(worker: _Worker, how: Exit, why: str) -> str:
    if why:
        return why
    if worker.aborted is not None:
        return f"{worker.aborted.exception}: {worker.aborted.message}".rstrip(": ")
    if how.signal is not None:
        return f"the process died of {how.signal}"
    return f"the process ended with exit code {how.code}"
