"""What a session does about its target: starts it where the plan says how, and knows what tests are told of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tui.engine.masking import Mask, mask_log, secrets_in
from tui.engine.orphans import end_orphans
from tui.errors import StagewatchError
from tui.events import Event, Noticed, TargetStarted, TargetStarting, TargetUnreachable
from tui.gate import INCONCLUSIVE
from tui.session.recorded import recorded_target
from tui.session.request import RunRequest
from tui.target import process
from tui.target.environment import variables
from tui.target.health import Health, health_of
from tui.target.ready import Ready
from tui.target.revision import VersionUrl, version_url_of

_LOG = "target.log"


class Met(NamedTuple):
    """``environment``: for whoever runs tests. ``secrets``: values to mask.

    ``health``, ``version``: whom to ask whether it answers, and of which revision it is; None: nobody.
    """

    environment: dict[str, str]
    secrets: set[str]
    health: Health | None
    version: VersionUrl | None


class Surroundings:
    """The target of one session, from before its first test until after its last."""

    def __init__(
        self,
        request: RunRequest,
        folder: Path,
        mark: str,
        credentials: dict[str, str],
        mask: Mask,
        tell: Callable[[Event], None],
        on_death: Callable[[], None],
    ) -> None:
        """``on_death`` is called when a target that was started ends by itself; that is told too."""
        self._target = request.plan.target
        self._credentials = credentials
        self._mark = mark
        self._mask = mask
        self._log = folder / _LOG
        self._tell = tell
        self._on_death = on_death
        name, _, value = mark.partition("=")
        self.marks = {name: value, process.MARK: mark}
        """Variables that the target, and whatever else is no test's, has in its environment."""
        self._process = process.TargetProcess(
            self._target, request.python, Path(request.root), self.marks, self._log, mask, self._lose
        )

    @property
    def spare(self) -> str:
        """The mark of all that is no test's."""
        return f"{process.MARK}={self._mark}"

    async def meet(self) -> Met:
        """Have the target ready. Raises StagewatchError when it can't be."""
        ready = await self._start() if self._target.start else Ready(self._target, {})
        environment = {**variables(ready.target, self._credentials), **ready.env}
        secrets = secrets_in(environment, self._credentials.values())
        health = health_of(ready.target, environment)
        return Met(environment, secrets, health, version_url_of(ready.target, environment, self._mask))

    async def end(self) -> None:
        """Whatever was started is gone when this returns."""
        if not self._target.start:
            return
        await self._process.end()
        await asyncio.to_thread(end_orphans, self._mark)
        await asyncio.to_thread(mask_log, self._log, self._mask)

    async def _start(self) -> Ready:
        began = time.time()
        self._tell(TargetStarting(began))
        try:
            ready = await self._process.start()
        except StagewatchError as error:
            if error.exit_code == INCONCLUSIVE:
                self._tell(TargetUnreachable(time.time(), "", str(error)))
            raise
        self._mask.learn(secrets_in(ready.env, ()))
        now = time.time()
        self._tell(TargetStarted(now, recorded_target(ready.target, self._mask), now - began))
        return ready

    def _lose(self, how: str) -> None:
        self._tell(Noticed(time.time(), how, serious=True))
        self._on_death()
