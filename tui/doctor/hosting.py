"""The engine of a run without the run: in this process, beside its target; it records nothing, and leaves nothing."""

from __future__ import annotations

import asyncio
import os
import time
import uuid
from contextlib import suppress
from pathlib import Path
from types import TracebackType

import msgspec

from tui import places, queries
from tui.engine.catalogue import Catalogue
from tui.engine.engine import Engine, Settings
from tui.engine.environments import Environments
from tui.engine.masking import mask_for, secrets_in
from tui.engine.orphans import adopt_orphans
from tui.errors import StagewatchError
from tui.events import VERSION, Collected, Event, Evidence, IterationBegan, TestFinished
from tui.journal.baseline import Baseline
from tui.session.request import RunRequest, pytest_args
from tui.session.surroundings import Surroundings
from tui.state import RunState, reduce
from tui.target.environment import resolve

_ALL = 1 << 62
"""An iteration's number that comes after all others."""


class Hosting:
    """An engine that has collected, for as long as the ``async with`` lasts. ``state`` is what it has told.

    Entering raises StagewatchError where a run could not begin either, with the sentence that ``run`` would say.
    """

    def __init__(self, request: RunRequest, folder: Path, options: tuple[str, ...]) -> None:
        """``folder``: for all that is written meanwhile. ``options``: for pytest, beside those of the request."""
        self._request = request
        self._folder = folder
        self._options = options
        self.mark = f"STAGEWATCH_SESSION={request.session}-{uuid.uuid4().hex}"
        self.state = RunState()
        self.collected: Collected | None = None
        self._environment: dict[str, str] = {}
        self._answered: dict[int, float] = {}
        self._surroundings: Surroundings | None = None
        self._engine: Engine | None = None

    async def __aenter__(self) -> Hosting:
        try:
            await self._open()
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._close()

    @property
    def tests(self) -> list[int]:
        """What is selected, in collected order."""
        return self.catalogue.selected()

    def environment_of(self, test: int) -> dict[str, str]:
        """What a test finds in its environment here, for whoever runs it by other means."""
        name, _, value = self.mark.partition("=")
        declared = self._environments.current[
            self.catalogue.entries[test].lane
        ]  # of what is collected whole: its group
        return {**os.environ, **self._environment, **declared, name: value}

    async def rerun(self, test: int) -> float | None:
        """Run a test again; returns the seconds from the request to its result, None where it got none."""
        assert self._engine is not None
        self._answered.pop(test, None)
        began = time.perf_counter()
        await self._engine.rerun([test], time.time(), "doctor", "tests")
        await self._engine.wait_until_quiet()
        answered = self._answered.get(test)
        return None if answered is None else answered - began

    async def _open(self) -> None:
        request, plan = self._request, self._request.plan
        root = Path(request.root)
        credentials = resolve(plan, os.environ, root)
        mask = mask_for([{}, *(suite.env for suite in plan.suites)], plan.target.credentials.values())
        mask.learn(secrets_in({}, credentials.values()))
        adopt_orphans()
        self._environments = Environments(plan.suites, root, self._folder, b"", mask.learn)
        self.catalogue = Catalogue(plan, request.selection, self._environments.groups)
        surroundings = self._surroundings = Surroundings(
            request, self._folder, self.mark, credentials, mask, lambda event: self._hear(event, None), lambda: None
        )
        settings = Settings(
            python=request.python, pytest_args=(*pytest_args(request), *self._options), cwd=Path(request.cwd),
            log=self._folder / "pytest.log", mark=self.mark, workers=1, spare=surroundings.spare,
        )  # fmt: skip
        settings.log.touch()
        began = IterationBegan(time.time(), VERSION, 1, root.name, str(root), plan, request.selection, 1)
        self._hear(began, None)
        met = await surroundings.meet()
        # Where pytest keeps its temporary folders: the user's own last three are not pushed out.
        self._environment = {"PYTEST_DEBUG_TEMPROOT": str(self._folder), **met.environment}
        expected = asyncio.create_task(asyncio.to_thread(_expected, root))
        plan = msgspec.structs.replace(plan, confirm="never")  # a fork's own word is what is measured
        self._engine = Engine(settings, plan, self._environments, self.catalogue, expected, self._hear, mask)
        self._engine.meet(self._environment, met.secrets, met.health, met.version)
        await self._engine.collect()

    async def _close(self) -> None:
        if self._engine is not None:
            await self._engine.close([], [])
        if self._surroundings is not None:
            await self._surroundings.end()

    def _hear(self, event: Event, evidence: Evidence | None) -> None:
        reduce(self.state, event)
        if isinstance(event, TestFinished):
            self._answered[event.test] = time.perf_counter()
        elif isinstance(event, Collected):
            self.collected = event


def _expected(root: Path) -> Baseline:
    with suppress(StagewatchError):
        return queries.baseline(places.project_folder(root), _ALL)
    return Baseline.nothing()
