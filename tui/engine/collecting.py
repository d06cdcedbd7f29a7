"""Collecting: starts a zygote for each group of suites, and makes known what they have found."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

from tui.engine import interpreter, wire
from tui.engine.catalogue import Catalogue
from tui.engine.environments import Environments
from tui.engine.generation import Generation, Order, Owner
from tui.engine.origins import Origins
from tui.errors import StagewatchError
from tui.events import Collected, Collecting, Event, Evidence, Finding, Noticed
from tui.journal.baseline import Baseline
from tui.plan.model import Plan
from tui.reports import forking

_LONGEST_FAREWELL = 10.0
"""Seconds that a zygote gets to end as pytest ends (reports of plugins, combining coverage)."""
_LOG_TAIL = 16 * 1024
_USAGE_ERROR = 4
"""pytest's exit code for arguments that it does not take, and for a conftest.py that can't be imported."""


class Where(msgspec.Struct, frozen=True):
    """How zygotes are started. ``mark`` (``NAME=value``) is in the environment of all that they start."""

    python: str
    pytest_args: tuple[str, ...]
    cwd: Path
    log: Path
    mark: str


class PytestRefusesError(StagewatchError):
    """pytest does not take its arguments: those of the command line, or those of the project's settings."""


class Changes(NamedTuple):
    """What is no longer as it was when the newest generations were collected: paths, and words that hold no value."""

    files: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        return self.files + self.environments


class Collector:
    """Owns the generations: the newest of each group, and those that are on their way out."""

    def __init__(
        self,
        where: Where,
        plan: Plan,
        environments: Environments,
        catalogue: Catalogue,
        expected: asyncio.Task[Baseline],
        owner: Owner,
        emit: Callable[[Event, Evidence | None], None],
        mask: Callable[[str], str],
    ) -> None:
        """``environments``: what each group's zygote has in its environment beside the session's own."""
        self._where = where
        self._plan = plan
        self._environments = environments
        self._surrounded: list[dict[str, str]] = environments.current
        self._catalogue = catalogue
        self._expected: asyncio.Future[Baseline] = expected
        self._owner = owner
        self._emit = emit
        self._mask = mask
        self._surroundings: dict[str, str] = {}
        self._secrets: tuple[str, ...] = ()
        self._number = 0
        self._forked: bool | None = None
        """Whether the last that collected could be forked; None before there was one."""
        self._launched: list[Generation] = []
        self._origins = Origins()
        self._closing = False
        self._is_begun = False
        """Whether it was told already that what ``collect`` will collect is being collected."""
        self.newest: list[Generation] = []
        self._ahead: list[Generation] = []
        """Those that have collected a part of what the newest do not hold any more."""

    def surround(self, environment: Mapping[str, str], secrets: Iterable[str]) -> None:
        """What every zygote from now on has in its environment, unless its suites say otherwise, and has to mask."""
        self._surroundings = dict(environment)
        self._secrets = tuple(secrets)

    @property
    def zygotes(self) -> list[int]:
        """The process ids of all zygotes that live, and of what they come from."""
        living = [generation.pid for generation in self._launched if not generation.ended.done()]
        return [*living, *self._origins.pids]

    @property
    def sources(self) -> str:
        """Names what the newest generations hold and the data files beside them: equal for equal sources, however many
        environments they are collected in.
        """
        current = {generation.group: generation for generation in (*self.newest, *self._ahead)}.values()
        return "-".join(sorted({f"{g.facts.digest}.{g.data}" for g in current if g.facts is not None}))

    @property
    def known(self) -> str:
        """Names all that is known to make a difference to a test: its sources, and what is declared for it."""
        declared = self._environments.digests(self._surroundings)
        return self.sources + msgspec.json.encode(declared, order="deterministic").decode()

    def of_lane(self, lane: int) -> Generation | None:
        return next((generation for generation in self.current if generation.lane == lane), None)

    @property
    def current(self) -> list[Generation]:
        """Those that workers come from."""
        return [*self.newest, *self._ahead]

    async def changed(self, lane: int | None = None) -> Changes:
        """What is no longer as it was collected; of a ``lane``, what workers of that come from.

        Raises StagewatchError where a declared environment can't be read.
        """
        asked = self.newest if lane is None else [one for one in self.current if one.lane == lane]
        changes = await asyncio.gather(*(generation.changed() for generation in asked))
        self._environments.read()
        files = tuple(sorted({path for paths in changes for path in paths}))
        return Changes(files, self._environments.changed(self._surrounded))

    async def collect_ahead(self, changes: Changes, tests: Iterable[int]) -> bool:
        """Have what is needed to run these tests collected by itself, and tell of that; ``collect`` has to follow.

        False, with nothing changed, where it can't be done or would take as long as all of it.
        """
        files = {} if changes.environments or self._is_narrow else self._catalogue.files(tests, changes.files)
        roots = [generation.facts.root if generation.facts is not None else "" for generation in self.newest]
        if not files or not all(roots) or any(generation.cold_reason for generation in self.newest):
            return False
        began = time.time()
        self._number += 1
        self._tell(Collecting(began, self._number, changes.words))
        self._is_begun = True
        new = [
            self._generation(group, tuple(str(Path(roots[group], file)) for file in sorted(of_group)))
            for group, of_group in files.items()
        ]
        starts = [self._origins.fork(g, self._order(self._surrounded[g.group]), changes.files) for g in new]
        happened = None
        if all(await asyncio.gather(*starts)):
            await asyncio.gather(*(generation.collected for generation in new))
            if all(generation.facts is not None for generation in new) and not self._closing:
                happened = self._catalogue.update_part(new, set().union(*files.values()), await self._expected, began)
        if happened is None:
            _end(new)
            return False
        for event, evidence in happened:
            self._emit(event, evidence)
        _finish(self._ahead)
        self._ahead = new
        return True

    async def collect(self, changes: Changes | None = None, until: Callable[[], Awaitable[None]] | None = None) -> None:
        """Have a new generation take the place of the newest, and tell what came with it and what went.

        It does so when it has collected, and ``until`` has come. Raises StagewatchError when that can't be done; then
        all is as it was before.
        """
        if changes is None:
            self._environments.read()
            changes = Changes()
        began = time.time()
        surrounded = self._environments.current
        if not self._is_begun:
            self._number += 1
            self._tell(Collecting(began, self._number, changes.words))
        self._is_begun = False
        new = [self._generation(group) for group in range(len(surrounded))]
        try:
            await self._launch(new, changes.files, surrounded)
            if until is not None:
                await until()
            for event, evidence in self._catalogue.update(new, await self._expected, time.time()):
                self._emit(event, evidence)
        except BaseException:
            _end(new)
            if self.newest:
                self._tell_collected(self.newest, began)
            raise
        old, self.newest, self._ahead = self.current, new, []
        self._surrounded = surrounded
        _finish(old)
        for note in dict.fromkeys(note for generation in new for note in generation.notes):
            self._tell(Noticed(time.time(), note))
        for finding in _findings(new):
            if finding.kind == "numpy":
                self._tell(Noticed(time.time(), forking.sentence(finding)))
        self._tell_collected(new, began)

    def tell_again(self, expected: Baseline) -> None:
        """Tell the next iteration what is collected, and what is to be expected of it."""
        self._expected = asyncio.get_running_loop().create_future()
        self._expected.set_result(expected)
        now = time.time()
        for event, evidence in self._catalogue.again(expected, now):
            self._emit(event, evidence)
        self._tell_collected(self.newest, now)

    async def close(self, failed: list[int], passed: list[int]) -> None:
        """Let all zygotes end as pytest ends, or end them. ``failed``, ``passed``: for ``pytest --lf``."""
        self._closing = True
        for generation in self._launched:
            generation.finish(failed, passed)
        endings = [generation.ended for generation in self._launched if generation.pid]
        if endings:
            await asyncio.wait(endings, timeout=_LONGEST_FAREWELL)
        for generation in self._launched:
            generation.kill()

    def stop(self) -> None:
        """Nothing that is being collected is wanted any more."""
        self._closing = True
        self._origins.close()

    @property
    def _is_narrow(self) -> bool:
        """Whether less than whole files was asked for."""
        return any("::" in argument for argument in self._where.pytest_args)

    def _generation(self, group: int, files: tuple[str, ...] = ()) -> Generation:
        lane = group + (len(self._surrounded) if files else 0)
        generation = Generation(self._number, group, self._owner, lane, files)
        self._launched = [one for one in self._launched if not one.ended.done()] + [generation]
        return generation

    async def _launch(self, new: list[Generation], changed: tuple[str, ...], surrounded: list[dict[str, str]]) -> None:
        log_start = self._where.log.stat().st_size if self._number > 1 else 0
        for generation in new:
            order = self._order(surrounded[generation.group])
            try:
                if not await self._origins.fork(generation, order, changed):
                    await self._origins.launch(generation, order, changed)
            except OSError as error:
                raise StagewatchError(
                    f"{self._where.python} can't be started ({error.strerror}); "
                    "name the project's interpreter with --python"
                ) from None
        await asyncio.gather(*(generation.collected for generation in new))
        if self._closing:
            raise StagewatchError("the session ends")
        if self._number == 1:
            await self._refuse_unfit(new)
        for generation in new:
            if generation.facts is None and not generation.errors:
                self._explain_failure(generation, log_start)

    def _tell_collected(self, generations: list[Generation], began: float) -> None:
        facts = [generation.facts for generation in generations if generation.facts is not None]
        cold = next((fact.cold_reason for fact in facts if fact.cold_reason), None)
        if cold:
            lost = "warmth lost, " if self._forked else ""
            what_to_do = "`stagewatch doctor` says what to do"
            text = f"{lost}cold: {cold}, so every worker is a fresh process ({what_to_do})"
            self._tell(Noticed(time.time(), text))
        elif self._forked is False:
            self._tell(Noticed(time.time(), "warm again: workers and reruns are forks of what was collected"))
        if facts:
            self._forked = cold is None
        now = time.time()
        self._tell(
            Collected(
                now, generations[0].number, facts[0].python if facts else "", facts[0].pytest if facts else "",
                len(self._catalogue.entries), now - began, "-".join(sorted({fact.digest for fact in facts})), cold,
                self._environments.digests(self._surroundings), _findings(generations),
            )
        )  # fmt: skip

    async def _refuse_unfit(self, generations: list[Generation]) -> None:
        """An interpreter that can't run tests is no result of them: raises StagewatchError, before there is any."""
        if any(g.facts is None or interpreter.is_old(g.facts.pytest) for g in generations):
            why = await interpreter.trouble(self._where.python, self._where.cwd)
            if why is not None:
                raise StagewatchError(why)

    def _explain_failure(self, generation: Generation, log_start: int) -> None:
        """pytest ended before it had collected: what it said is the result."""
        with self._where.log.open("rb") as log:
            log.seek(max(log_start, self._where.log.stat().st_size - _LOG_TAIL))
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
            raise PytestRefusesError(f"pytest refuses what it is asked: {message.removeprefix('ERROR: ')}")
        path = Path(broken)
        if path.is_absolute() and path.is_relative_to(self._where.cwd):
            broken = str(path.relative_to(self._where.cwd))
        explained = wire.Explained(
            message=f"pytest could not collect (exit code {generation.exit_code}): {message}", traceback=text
        )
        generation.errors.append(wire.Uncollected(broken, explained))

    def _order(self, declared: dict[str, str]) -> Order:
        return Order(
            python=self._where.python,
            pytest_args=self._where.pytest_args,
            cwd=self._where.cwd,
            log=self._where.log,
            mark=self._where.mark,
            environment={**self._surroundings, **declared},
            suites=tuple(
                {"paths": suite.paths, "markers": suite.markers, "keyword": suite.keyword}
                for suite in self._plan.suites
            ),
            selection={"paths": (), **self._catalogue.expressions},
            credentials=tuple(self._plan.target.credentials.values()),
            secrets=self._secrets,
        )

    def _tell(self, event: Event) -> None:
        self._emit(event, None)


def _findings(generations: Iterable[Generation]) -> tuple[Finding, ...]:
    """What collecting has left in them, each once."""
    facts = [generation.facts for generation in generations if generation.facts is not None]
    return tuple(dict.fromkeys(Finding(*found) for fact in facts for found in fact.findings))


def _finish(generations: Iterable[Generation]) -> None:
    for generation in generations:
        generation.finish([], [])


def _end(generations: Iterable[Generation]) -> None:
    for generation in generations:
        generation.finish([], [])
        generation.kill()
