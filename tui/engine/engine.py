"""Runs tests: collects them, opens a pass for each request, and ends all that it started.

The engine is an actor in the session's event loop: it owns the generations and the crew, and tells
what happens by one callback, ``emit``.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from tui.engine import interpreter, wire
from tui.engine.catalogue import Catalogue
from tui.engine.crew import Crew, Emit
from tui.engine.generation import Generation, Order
from tui.engine.masking import mask_for, mask_log
from tui.engine.orphans import end_orphans
from tui.errors import StagewatchError
from tui.events import FAILING, Collected, Collecting, Event, Noticed, PassBegan, PassEnded
from tui.journal.baseline import Baseline
from tui.plan.model import Plan

DEFAULT_LIMIT = 600.0
"""Seconds that a test may take when nobody says otherwise: a hung test must not keep a verdict for ever."""
_LONGEST_FAREWELL = 10.0
"""Seconds that a zygote gets to end as pytest ends (reports of plugins, combining coverage)."""
_MOST_DEATHS = 3
"""Zygotes that may be killed under one pass before the rest of it is given up."""
_LOG_TAIL = 16 * 1024
_USAGE_ERROR = 4
"""pytest's exit code for arguments that it does not take, and for a conftest.py that can't be imported."""


class Settings(msgspec.Struct, frozen=True):
    """How to run. ``limit``: seconds a test may take unless its suite says otherwise; 0 for no limit."""

    python: str
    pytest_args: tuple[str, ...]
    cwd: Path
    log: Path
    mark: str
    workers: int
    limit: float = DEFAULT_LIMIT


class _OpenPass(msgspec.Struct):
    number: int
    requested: float
    tests: set[int]
    cancelled: bool = False


class Engine:
    """Owns zygotes and workers of one iteration."""

    def __init__(
        self,
        settings: Settings,
        plan: Plan,
        environments: Sequence[dict[str, str]],
        catalogue: Catalogue,
        expected: asyncio.Task[Baseline],
        emit: Emit,
    ) -> None:
        """``environments[g]`` is what group *g*'s zygote has in its environment beside the session's own.

        ``expected``: what earlier iterations lead one to expect of the tests.
        """
        self._settings = settings
        self._plan = plan
        self._environments = environments
        self._catalogue = catalogue
        self._expected = expected
        self._emit = emit
        self._generations: list[Generation] = []
        self._launched: list[Generation] = []
        """Those that are on their way out, too."""
        self._number = 0
        self._passes: list[_OpenPass] = []
        self._pass_count = 0
        self._deaths = 0
        self._collecting = asyncio.Lock()
        self._sweeping = asyncio.Lock()
        self._quiet = asyncio.Event()
        self._cancelled = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._sweep_due = False
        self._mask = mask_for(environments, plan.target.credentials.values())
        self._crew = Crew(
            settings.workers, emit, self._generation_of, self._limit_of, self._requested_of, self._consider
        )

    async def run(self, requested: float, by: str) -> None:
        """Collect, and begin the first pass: all that is selected. Raises StagewatchError for a bad selection."""
        await self._collect(())
        tests = self._catalogue.selected()
        failing = {t for t in tests if self._catalogue.entries[t].found.last in FAILING}
        self._begin_pass(tests, failing, requested, by, "all")
        if self._cancelled:
            self.cancel()

    async def rerun(self, tests: Sequence[int], requested: float, by: str, what: str) -> tuple[int, int]:
        """Run tests again, with every edit since they were collected; returns the pass and how many tests it has.

        Tests that are running or waiting already, or are gone, are left out; no pass (0) is opened for none.
        What an edit brings that was not there before (a renamed test, a module that can be imported again) runs too.
        """
        before = set(self._catalogue.entries)
        async with self._sweeping, self._collecting:
            changes = await asyncio.gather(*(generation.changed() for generation in self._generations))
            changed = tuple(sorted({path for paths in changes for path in paths}))
            if changed or not before.issuperset(tests):
                await self._collect_again(changed)
        known = self._catalogue.entries
        pending = self._crew.pending()
        new = [test for test in self._catalogue.selected() if test not in before]
        chosen = [test for test in dict.fromkeys([*tests, *new]) if test in known and test not in pending]
        return self._begin_pass(chosen, set(chosen), requested, by, what) if chosen else 0, len(chosen)

    async def _collect_again(self, changed: tuple[str, ...]) -> None:
        if not self._crew.is_empty:
            self._tell(
                Noticed(
                    time.time(), f"{', '.join(changed[:3])} changed: collected anew when the running tests are done"
                )
            )
            await self._crew_is_quiet()
        await self._collect_now(changed)

    def cancel(self, test: int | None = None) -> bool:
        """End one running test, or the open passes; False when there is nothing to end."""
        if test is not None:
            return self._crew.cancel(test)
        was_running = bool(self._passes) or self._collecting.locked()
        self._cancelled = self._collecting.locked() and not self._passes
        for open_pass in self._passes:
            open_pass.cancelled = True
        self._crew.cancel()
        return was_running

    async def wait_until_quiet(self) -> None:
        """Until no pass is open and what the tests left behind is ended."""
        while self._passes or not self._crew.is_empty or self._sweeping.locked():
            self._quiet.clear()
            await self._quiet.wait()

    async def close(self, failed: list[int], passed: list[int]) -> None:
        """End everything. ``failed`` and ``passed`` are left to the project's ``pytest --lf``."""
        self.cancel()
        with suppress(TimeoutError):  # who does not end in time is killed with the rest
            await asyncio.wait_for(self._crew_is_quiet(), _LONGEST_FAREWELL)
        for generation in self._launched:
            generation.finish(failed, passed)
        endings = [generation.ended for generation in self._launched if generation.pid]
        if endings:
            await asyncio.wait(endings, timeout=_LONGEST_FAREWELL)
        for generation in self._launched:
            generation.kill()
        for task in self._tasks:
            task.cancel()
        await asyncio.to_thread(end_orphans, self._settings.mark)
        await asyncio.to_thread(mask_log, self._settings.log, self._mask)

    # Generations and their workers report here.

    def worker_started(self, generation: Generation, worker: int, pid: int) -> None:
        self._crew.started(worker, pid)

    def worker_said(self, generation: Generation, worker: int, message: wire.FromWorker) -> None:
        self._crew.said(worker, message)

    def worker_exited(self, generation: Generation, exited: wire.Exited) -> None:
        self._crew.exited(generation, exited)

    def zygote_died(self, generation: Generation) -> None:
        if generation.facts is None:
            return  # it could not even collect: ``_collect_now`` tells
        self._deaths += 1
        how = (
            f"exit code {generation.exit_code}"
            if (generation.exit_code or 0) >= 0
            else f"signal {-(generation.exit_code or 0)}"
        )
        self._tell(
            Noticed(time.time(), f"the collected process was killed ({how}); its workers end with it", serious=True)
        )
        if self._deaths > _MOST_DEATHS:
            self._crew.abandon()
        self._spawn(self._replace(generation))

    async def _replace(self, generation: Generation) -> None:
        # Its workers are ended before they are given up, so that none runs on beside its successor.
        spared = [other.pid for other in self._launched if other is not generation and not other.ended.done()]
        async with self._sweeping:
            await asyncio.to_thread(end_orphans, self._settings.mark, spared)
        left: list[int] = []
        async with self._collecting:
            self._crew.forget(generation)
            if self._passes and self._deaths <= _MOST_DEATHS:
                left = self._crew.abandon()
                await self._crew_is_quiet()
                await self._collect_now(())
        self._crew.add(self._catalogue.tasks(left, set()))

    # Collecting.

    async def _collect(self, changed: tuple[str, ...]) -> None:
        async with self._collecting:
            await self._collect_now(changed)

    async def _collect_now(self, changed: tuple[str, ...]) -> None:
        self._number += 1
        began = time.time()
        self._tell(Collecting(began, self._number, changed))
        old, new = (
            self._generations,
            [Generation(self._number, group, self) for group in range(len(self._environments))],
        )
        self._generations = new
        self._launched = [g for g in self._launched if not g.ended.done()] + new
        for generation in new:
            try:
                await generation.launch(self._order(generation.group), changed)
            except OSError as error:
                raise StagewatchError(
                    f"{self._settings.python} can't be started ({error.strerror}); "
                    "name the project's interpreter with --python"
                ) from None
        for generation in old:
            generation.finish([], [])
        log_start = self._settings.log.stat().st_size if changed else 0
        await asyncio.gather(*(generation.collected for generation in new))
        if self._number == 1:
            await self._refuse_unfit(new)
        for generation in new:
            if generation.facts is None and not generation.errors:
                self._explain_failure(generation, log_start)
        for event, evidence in self._catalogue.update(new, await self._expected, time.time()):
            self._emit(event, evidence)
        self._tell_collected(new, began)

    def _tell_collected(self, generations: list[Generation], began: float) -> None:
        for note in dict.fromkeys(note for generation in generations for note in generation.notes):
            self._tell(Noticed(time.time(), note))
        facts = [generation.facts for generation in generations if generation.facts is not None]
        cold = next((fact.cold_reason for fact in facts if fact.cold_reason), None)
        if cold:
            self._tell(Noticed(time.time(), f"cold: {cold}, so every worker is a fresh process"))
        now = time.time()
        self._emit(
            Collected(
                now, self._number, facts[0].python if facts else "", facts[0].pytest if facts else "",
                len(self._catalogue.entries), now - began, "-".join(fact.digest for fact in facts), cold,
            ),
            None,
        )  # fmt: skip

    async def _refuse_unfit(self, generations: list[Generation]) -> None:
        """An interpreter that can't run tests is no result of them: raises StagewatchError, before there is any."""
        if any(g.facts is None or interpreter.is_old(g.facts.pytest) for g in generations):
            why = await interpreter.trouble(self._settings.python, self._settings.cwd)
            if why is not None:
                raise StagewatchError(why)

    def _explain_failure(self, generation: Generation, log_start: int) -> None:
        """pytest ended before it had collected: what it said is the result."""
        with self._settings.log.open("rb") as log:
            log.seek(max(log_start, self._settings.log.stat().st_size - _LOG_TAIL))
            if log.tell() > log_start:
                log.readline()  # a line that is not whole: half a secret would not be known
            text = self._mask(log.read().decode("utf-8", "backslashreplace")).strip()
        lines = [line for line in text.splitlines() if line.strip()]
        refusal = [line.partition(": error: ")[2] for line in lines if ": error: " in line]
        telling = refusal or [line for line in lines if line.startswith(("E ", "ERROR", "ImportError"))] or lines
        message = telling[-1].removeprefix("E ").strip() if telling else "pytest ended without a word"
        broken = next(
            (line.split("'")[1] for line in lines if line.startswith("ImportError while loading conftest '")), "."
        )
        if broken == "." and generation.exit_code == _USAGE_ERROR and self._number == 1:
            raise StagewatchError(f"pytest refuses what it is asked: {message.removeprefix('ERROR: ')}")
        path = Path(broken)
        if path.is_absolute() and path.is_relative_to(self._settings.cwd):
            broken = str(path.relative_to(self._settings.cwd))
        explained = wire.Explained(
            message=f"pytest could not collect (exit code {generation.exit_code}): {message}", traceback=text
        )
        generation.errors.append(wire.Uncollected(broken, explained))

    def _order(self, group: int) -> Order:
        return Order(
            python=self._settings.python,
            pytest_args=self._settings.pytest_args,
            cwd=self._settings.cwd,
            log=self._settings.log,
            mark=self._settings.mark,
            environment=self._environments[group],
            suites=tuple(
                {"paths": suite.paths, "markers": suite.markers, "keyword": suite.keyword}
                for suite in self._plan.suites
            ),
            credentials=tuple(self._plan.target.credentials.values()),
        )

    # Passes.

    def _begin_pass(self, tests: list[int], failing: set[int], requested: float, by: str, what: str) -> int:
        self._pass_count += 1
        self._deaths = 0
        number = self._pass_count
        self._passes.append(_OpenPass(number, requested, set(tests)))
        self._sweep_due = True
        self._tell(PassBegan(time.time(), number, tuple(tests), requested, by, what))
        self._crew.add(self._catalogue.tasks(tests, failing), first=number > 1)
        return number

    def _generation_of(self, group: int) -> Generation | None:
        return self._generations[group] if group < len(self._generations) else None

    def _limit_of(self, test: int) -> float | None:
        return self._catalogue.limit(test) or self._settings.limit or None

    def _requested_of(self, test: int) -> float | None:
        asked = [open_pass.requested for open_pass in self._passes if open_pass.number > 1 and test in open_pass.tests]
        return asked[-1] if asked else None

    def _consider(self) -> None:
        """Something has ended: perhaps all has."""
        if self._passes and self._crew.is_done and not self._collecting.locked():
            ended, self._passes = self._passes, []
            for open_pass in ended:
                self._tell(PassEnded(time.time(), open_pass.number, open_pass.cancelled))
        if self._crew.is_empty:
            if self._sweep_due and not self._passes:
                self._sweep_due = False
                self._spawn(self._sweep())
            self._quiet.set()

    async def _sweep(self) -> None:
        """Nothing runs: whatever else still bears the mark was left behind by a test."""
        async with self._sweeping:
            zygotes = [generation.pid for generation in self._launched if not generation.ended.done()]
            ended = await asyncio.to_thread(end_orphans, self._settings.mark, zygotes)
            if ended:
                self._tell(Noticed(time.time(), self._mask(f"ended what tests left running: {', '.join(ended)}")))
        self._quiet.set()

    async def _crew_is_quiet(self) -> None:
        while not self._crew.is_empty:
            self._quiet.clear()
            await self._quiet.wait()

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _tell(self, event: Event) -> None:
        self._emit(event, None)
