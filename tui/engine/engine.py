"""Runs tests: collects them, opens a pass for each request, and ends all that it started.

The engine is an actor in the session's event loop: it owns the collector and the crew, and tells
what happens by one callback, ``emit``.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

import msgspec

from tui.engine import wire
from tui.engine.catalogue import Catalogue
from tui.engine.collecting import Changes, Collector, Where
from tui.engine.crew import Crew, Emit
from tui.engine.environments import Environments
from tui.engine.generation import Generation
from tui.engine.masking import Mask, mask_log
from tui.engine.orphans import end_orphans
from tui.engine.reach import Health, Reach
from tui.engine.revisions import Revisions, VersionUrl
from tui.engine.warmth import CONFIRMS, Contradiction, Warmth
from tui.errors import StagewatchError
from tui.events import FAILING, Disagreed, Event, Evidence, Noticed, PassBegan, PassEnded, TestFinished, TestsBlocked
from tui.journal.baseline import Baseline
from tui.plan.model import Plan

DEFAULT_LIMIT = 600.0
"""Seconds that a test may take when nobody says otherwise: a hung test must not keep a verdict for ever."""
_LONGEST_FAREWELL = 10.0
"""Seconds that workers get to end when they are told to."""
_MOST_ROLLOUTS = 3
"""Rollouts under one pass before the rest of it is given up."""
_MOST_DEATHS = 3
"""Zygotes that may be killed under one pass before the rest of it is given up."""


class Settings(Where, frozen=True, kw_only=True):
    """How to run. ``limit``: seconds a test may take unless its suite says otherwise; 0 for no limit.

    ``spare``: the mark of what is no test's, and is not the engine's to end.
    """

    workers: int
    limit: float = DEFAULT_LIMIT
    spare: str = ""


class Begun(NamedTuple):
    """A rerun: the pass, how many tests it has, and whose edits it sees (files, and words that hold no value)."""

    number: int
    size: int
    reloaded: tuple[str, ...]


class _OpenPass(msgspec.Struct):
    """``left``: the tests that have no result of this pass yet. ``blocked``: why they are not worth running."""

    number: int
    requested: float
    by: str
    what: str
    tests: dict[int, None]
    left: set[int]
    cancelled: bool = False
    blocked: str = ""
    cancelled_by: str = ""


class Engine:
    """Owns zygotes and workers of a session. It tells of one iteration, and of the next when it is to begin again."""

    def __init__(
        self,
        settings: Settings,
        plan: Plan,
        environments: Environments,
        catalogue: Catalogue,
        expected: asyncio.Task[Baseline],
        emit: Emit,
        mask: Mask,
        on_rollout: Callable[[], None] = lambda: None,
    ) -> None:
        """``environments``: what each group's zygote has in its environment beside the session's own.

        ``expected``: what earlier iterations lead one to expect of the tests. ``on_rollout`` is called when passes
        have ended as another revision was deployed under them: ``begin_again``, then ``go_on`` have them run on.
        """
        self._settings = settings
        self._on_rollout = on_rollout
        self._catalogue = catalogue
        self._expected = expected
        self._warmth = Warmth(plan.confirm)
        self._known = ""
        """What was known of sources and environment when the latest pass began."""
        self._doubted = 0
        """Contradictions between warm and cold that are being looked into."""
        self._emit = emit
        self._passes: list[_OpenPass] = []
        self._cut_off: _OpenPass | None = None
        self._rollouts = 0
        self._pass_count = 0
        self._deaths = 0
        self._cancels = 0
        self._closing = False
        self._collecting = asyncio.Lock()
        """Held from the moment that something may have to be collected until it is."""
        self._sweeping = asyncio.Lock()
        self._quiet = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._sweep_due = False
        self._mask = mask
        self._reach = Reach(None, self._tell, self._block, self._consider)
        self._revisions = Revisions(None, self._tell, self._move, self._consider)
        self._collector = Collector(settings, plan, environments, catalogue, expected, self, emit, self._mask)
        self._crew = Crew(
            settings.workers, self._take, self._collector.of_lane, self._limit_of, self._requested_of,
            self._is_confirmed, self._consider,
        )  # fmt: skip

    def meet(
        self,
        environment: Mapping[str, str],
        secrets: Iterable[str],
        health: Health | None,
        version: VersionUrl | None = None,
    ) -> None:
        """The target, before the first pass: what tests are told of it, and whom to ask whether it answers, and of
        which revision it is.

        ``secrets`` are values to be masked.
        """
        secrets = tuple(secrets)
        self._mask.learn(secrets)
        self._collector.surround(environment, secrets)
        self._reach = Reach(health, self._tell, self._block, self._consider)
        self._revisions = Revisions(version, self._tell, self._move, self._consider)

    def doubt(self) -> None:
        """Something speaks for the target being down: have it asked."""
        self._reach.doubt()

    @property
    def deployed(self) -> str | None:
        """The revision of the target that was read last."""
        return self._revisions.revision

    async def look(self) -> None:
        """Read the revision now: something has been done to the target."""
        await self._revisions.ask()

    async def has_moved(self) -> bool:
        """Whether another revision is deployed than the one this iteration is about, and nothing runs that notices.

        Raises StagewatchError where a rollout is under way and does not end.
        """
        await self._revisions.ask()
        if not self._revisions.has_moved or self._passes:
            return False
        if not await self._revisions.settle():
            raise StagewatchError("a rollout is under way: two revisions of the target answer in turn; try again later")
        return not self._passes

    def begin_again(self, expected: Baseline) -> None:
        """Tell the next iteration all that holds in it from the beginning."""
        self._pass_count = 0
        self._warmth.begin_again()
        self._collector.tell_again(expected)
        self._crew.tell_again()
        self._revisions.begin_again()

    async def go_on(self) -> None:
        """Run what a rollout has cut off, from its start."""
        cancels = self._cancels
        async with self._collecting:
            await self._reach.ask()
        cut_off, self._cut_off = self._cut_off, None
        if cut_off is not None and not self._closing:
            entries = self._catalogue.entries
            tests = [test for test in cut_off.tests if test in entries]
            failing = {test for test in tests if entries[test].found.last in FAILING}
            self._begin_pass(tests, failing, cut_off.requested, cut_off.by, cut_off.what)
        if self._cancels != cancels:
            self.cancel()
        self._quiet.set()

    async def collect(self) -> None:
        """Collect, and ask after the target; nothing is run yet. Raises StagewatchError for a bad selection."""
        async with self._collecting:
            await self._collector.collect()
            past = await self._expected
            self._warmth.remember(past.has_disagreed, past.distrusted)
            await self._reach.ask()
            await self._revisions.ask()
            self._revisions.start()

    async def run(self, requested: float, by: str) -> None:
        """Collect, and begin the first pass: all that is selected. Raises StagewatchError for a bad selection."""
        cancels = self._cancels
        await self.collect()
        tests = self._catalogue.selected()
        failing = {t for t in tests if self._catalogue.entries[t].found.last in FAILING}
        self._begin_pass(tests, failing, requested, by, "all")
        if self._cancels != cancels:
            self.cancel()

    async def rerun(self, tests: Sequence[int], requested: float, by: str, what: str) -> Begun:
        """Run tests again, with every edit since they were collected.

        Tests that are running or waiting already, or are gone, are left out; no pass (0) is opened for none.
        What an edit brings that was not there before (a renamed test, a module that can be imported again) runs too.
        Raises StagewatchError when it is cancelled before it begins, or can't be done.
        """
        self._rollouts = 0
        cancels = self._cancels
        before = set(self._catalogue.entries)
        try:
            async with self._sweeping:
                await self._collecting.acquire()
                is_ahead = False
                try:
                    changes = await self._collector.changed()
                    if changes.words or not before.issuperset(tests):
                        is_ahead = await self._collect_again(changes, tests, cancels)
                finally:
                    if is_ahead:
                        self._spawn(self._collect_behind(changes, cancels, requested, by, what))
                    else:
                        self._collecting.release()
                await self._reach.ask()
                self._refuse_if_cancelled(cancels)
        finally:
            self._consider()  # what ended meanwhile could not be told while the lock was held
        return Begun(*self._begin_rerun(tests, before, requested, by, what), changes.words)

    def _begin_rerun(
        self, tests: Iterable[int], before: set[int], requested: float, by: str, what: str
    ) -> tuple[int, int]:
        """Run these and what was not there ``before``, unless it runs already."""
        known = self._catalogue.entries
        pending = self._crew.pending()
        new = [test for test in self._catalogue.selected() if test not in before]
        chosen = [test for test in dict.fromkeys([*tests, *new]) if test in known and test not in pending]
        return self._begin_pass(chosen, set(chosen), requested, by, what) if chosen else 0, len(chosen)

    async def _collect_again(self, changes: Changes, tests: Iterable[int], cancels: int) -> bool:
        """Whether it is only what these tests need, as that is quicker: then all of it is to be collected behind it."""
        if not self._crew.is_empty:
            text = f"{', '.join(changes.words[:3])} changed: collected anew when the running tests are done"
            self._tell(Noticed(time.time(), text))
            await self._crew_is_quiet()
            self._refuse_if_cancelled(cancels)
        is_ahead = await self._collector.collect_ahead(changes, tests)
        if not is_ahead:
            await self._collector.collect(changes)
        self._crew.keep(self._catalogue.entries)
        return is_ahead

    async def _collect_behind(self, changes: Changes, cancels: int, requested: float, by: str, what: str) -> None:
        """Collect everything while a part of it runs. Owns the lock that is held."""
        before: set[int] = set()

        async def crew_is_quiet() -> None:
            await self._crew_is_quiet()
            before.update(self._catalogue.entries)

        try:
            await self._collector.collect(changes, crew_is_quiet)
        except StagewatchError as error:
            self._tell(Noticed(time.time(), str(error), serious=True))
        finally:
            self._collecting.release()
        if before and self._cancels == cancels:
            self._begin_rerun((), before, requested, by, what)
        self._consider()
        self._quiet.set()

    def _refuse_if_cancelled(self, cancels: int) -> None:
        if self._closing:
            raise StagewatchError("the session ends")
        if self._cancels != cancels:
            raise StagewatchError("it was cancelled before it began")

    def trust(self, paths: Iterable[str]) -> None:
        """These modules may be forked again."""
        self._warmth.trust(paths)

    def cancel(self, test: int | None = None, by: str = "") -> bool:
        """End one running test, or all that is open or asked for; False when there is nothing to end.

        ``by``: who asks for it.
        """
        if test is not None:
            return self._crew.cancel(test, by)
        was_running = bool(self._passes) or self._cut_off is not None or self._collecting.locked()
        self._cancels += 1
        for open_pass in self._passes:
            open_pass.cancelled, open_pass.cancelled_by = True, open_pass.cancelled_by or by
        self._crew.cancel(by=by)
        return was_running

    async def wait_until_quiet(self) -> None:
        """Until no pass is open, nor to go on, and what the tests left behind is ended."""
        is_locked = (self._sweeping.locked, self._collecting.locked)
        while self._passes or self._cut_off or not self._crew.is_empty or any(locked() for locked in is_locked):
            self._quiet.clear()
            await self._quiet.wait()

    async def close(self, failed: list[int], passed: list[int]) -> None:
        """End everything. ``failed`` and ``passed`` are left to the project's ``pytest --lf``."""
        self._closing = True
        self._reach.close()
        self._revisions.close()
        self._collector.stop()
        self.cancel()
        with suppress(TimeoutError):  # who does not end in time is killed with the rest
            await asyncio.wait_for(self._crew_is_quiet(), _LONGEST_FAREWELL)
        await self._collector.close(failed, passed)
        for task in self._tasks:
            task.cancel()
        await asyncio.to_thread(end_orphans, self._settings.mark, (), self._settings.spare)
        await asyncio.to_thread(mask_log, self._settings.log, self._mask)

    # Generations and their workers report here.

    def worker_started(self, generation: Generation, worker: int, pid: int) -> None:
        self._crew.started(worker, pid)

    def worker_said(self, generation: Generation, worker: int, message: wire.FromWorker) -> None:
        self._crew.said(worker, message)

    def worker_exited(self, generation: Generation, exited: wire.Exited) -> None:
        self._crew.exited(generation, exited)

    def zygote_died(self, generation: Generation) -> None:
        if generation not in self._collector.current:
            return  # it had not collected, which the collector tells, or was on its way out
        self._deaths += 1
        code = generation.exit_code or 0
        how = f"exit code {code}" if code >= 0 else f"signal {-code}"
        text = f"the collected process was killed ({how}); its workers end with it"
        self._tell(Noticed(time.time(), text, serious=True))
        self._crew.forget(generation)
        if self._deaths > _MOST_DEATHS or generation not in self._collector.newest:
            self._crew.abandon()
            self._consider()
        elif self._passes:
            self._spawn(self._replace(generation))

    async def _replace(self, generation: Generation) -> None:
        """Collect anew in place of a zygote that was killed, unless a rerun has done so meanwhile."""
        async with self._collecting:
            if generation in self._collector.newest and self._passes and not self._closing:
                await self._crew_is_quiet()
                with suppress(StagewatchError):  # then the rest can't be run, and stays not-run
                    await self._collector.collect()
                self._crew.keep(self._catalogue.entries)
        if generation in self._collector.newest:
            self._crew.abandon()
        self._crew.add(())

    # Passes.

    def _begin_pass(self, tests: list[int], failing: set[int], requested: float, by: str, what: str) -> int:
        self._pass_count += 1
        self._deaths = 0
        number = self._pass_count
        self._passes.append(
            _OpenPass(number, requested, by, what, dict.fromkeys(tests), set(tests), blocked=self._reach.why)
        )
        self._sweep_due = True
        self._tell(PassBegan(time.time(), number, tuple(tests), requested, by, what, self._collector.sources))
        is_of_no_use = self._reach.why or self._revisions.has_moved
        self._known = self._collector.known
        tasks = [] if is_of_no_use else self._catalogue.tasks(tests, failing, self._warmth.cold_reason)
        self._crew.add(tasks, first=number > 1)
        return number

    def _take(self, event: Event, evidence: Evidence | None) -> None:
        """What the crew tells: results count for the passes that wait for them."""
        self._emit(event, evidence)
        if isinstance(event, TestFinished):
            for open_pass in self._passes:
                open_pass.left.discard(event.test)
            self._revisions.result_came(event.at)
            if event.outcome in FAILING:
                self._reach.doubt()
            if event.unconfirmed and self._goes_on(event.test):
                self._crew.add(self._catalogue.tasks([event.test], {event.test}, lambda path: CONFIRMS))
            if (contradiction := self._warmth.hear(event, self._known)) is not None:
                self._doubted += 1
                self._spawn(self._look_into(contradiction))

    def _goes_on(self, test: int) -> bool:
        """Whether anything more is begun for a test: its pass is neither cancelled nor cut off, nor of no use."""
        wanted = [one for one in self._passes if test in one.tests and not (one.cancelled or one.blocked)]
        return bool(wanted) and not self._revisions.has_moved

    async def _look_into(self, found: Contradiction) -> None:
        """A disagreement, unless a fresh process found another project than was forked: it has collected later."""
        entry = self._catalogue.entries.get(found.test)
        try:
            if entry is None:
                return  # it is no longer there
            changes = await self._collector.changed(entry.lane)
            if not changes.words and self._collector.known == found.known:
                path = entry.found.path
                self._warmth.distrust(path)
                self._tell(Disagreed(time.time(), found.test, path, found.warm, found.cold))
        except StagewatchError:  # what is declared can't be read any more: nobody knows what has changed
            pass
        finally:
            self._doubted -= 1
            self._consider()

    def _is_confirmed(self, test: int) -> bool:
        """Whether a failure in a fork is confirmed: a rerun's. A first run is what plain pytest would say."""
        return self._warmth.is_confirming and self._requested_of(test) is not None

    def _block(self) -> None:
        """The target is down: what has not begun is not worth running."""
        for open_pass in self._passes:
            open_pass.blocked = self._reach.why
        self._crew.halt()

    def _limit_of(self, test: int) -> float | None:
        return self._catalogue.limit(test) or self._settings.limit or None

    def _requested_of(self, test: int) -> float | None:
        asked = [open_pass.requested for open_pass in self._passes if open_pass.number > 1 and test in open_pass.tests]
        return asked[-1] if asked else None

    def _consider(self) -> None:
        """Something has ended: perhaps all has."""
        is_done = bool(self._passes) and self._crew.is_done and not self._doubted and not self._collecting.locked()
        if is_done and self._has_no_doubt() and self._has_its_stamps() and self._is_settled():
            ended, self._passes = self._passes, []
            self._take_cut_off(ended)
            blocked = {test for one in ended if one.blocked and not one.cancelled for test in one.left}
            if blocked and self._cut_off is None:
                there = tuple(sorted(blocked.intersection(self._catalogue.entries)))
                self._tell(TestsBlocked(time.time(), there, next(one.blocked for one in ended if one.blocked)))
            for open_pass in ended:
                goes_on = self._cut_off is not None and not open_pass.cancelled
                self._tell(
                    PassEnded(time.time(), open_pass.number, open_pass.cancelled, goes_on, open_pass.cancelled_by)
                )
            if self._cut_off is not None:
                self._on_rollout()
        if self._crew.is_empty:
            if self._sweep_due and not self._passes:
                self._sweep_due = False
                self._spawn(self._sweep())
            self._quiet.set()

    def _has_no_doubt(self) -> bool:
        """Whether what has failed may be taken for a failure. If not, that is found out now, and considered again."""
        if self._reach.is_settled or self._closing:
            return True
        self._reach.hurry()
        return False

    def _has_its_stamps(self) -> bool:
        """Whether the last results have theirs. If not, the revision is read now, and it is considered again."""
        if self._revisions.has_stamped or self._closing:
            return True
        self._revisions.hurry()
        return False

    def _move(self) -> None:
        """Another revision is deployed: nothing more is begun, what runs may end."""
        if self._passes:
            self._crew.halt()

    def _is_settled(self) -> bool:
        """Whether no rollout is waited for: what it has cut off is run when it is over."""
        revisions = self._revisions
        is_waited_for = revisions.has_moved and not (revisions.is_steady or revisions.is_given_up)
        return not is_waited_for or self._closing or all(one.cancelled for one in self._passes)

    def _take_cut_off(self, ended: list[_OpenPass]) -> None:
        """Of passes that a rollout has ended, keep what is to go on as one."""
        wanted = [one for one in ended if not one.cancelled]
        if not wanted or self._closing or not self._revisions.has_moved:
            return
        self._rollouts += 1
        if self._rollouts > _MOST_ROLLOUTS or not self._revisions.is_steady:
            for one in wanted:
                one.cancelled = True
            text = "the target's revision keeps changing: what was not run yet is not run"
            self._tell(Noticed(time.time(), text, serious=True))
            return
        tests = {test: None for one in wanted for test in one.tests}
        self._cut_off = msgspec.structs.replace(wanted[0], tests=tests)

    async def _sweep(self) -> None:
        """Nothing runs: whatever else still bears the mark was left behind by a test."""
        async with self._sweeping:
            ended = await asyncio.to_thread(
                end_orphans, self._settings.mark, self._collector.zygotes, self._settings.spare
            )
            if ended:
                self._tell(Noticed(time.time(), self._mask(f"ended what tests left running: {', '.join(ended)}")))
        self._quiet.set()

    async def _crew_is_quiet(self) -> None:
        while self._doubted or not self._crew.is_empty:
            self._quiet.clear()
            await self._quiet.wait()

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _tell(self, event: Event) -> None:
        self._emit(event, None)
