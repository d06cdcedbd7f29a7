"""Running tests again, for whoever asks: on the revision that is deployed, in the iteration that is about it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from tui.engine.engine import Engine
from tui.errors import StagewatchError
from tui.events import Noticed
from tui.protocol import Accepted, Refused, Rerun
from tui.reports.amounts import many
from tui.reports.sentences import names_of
from tui.session.canary import canaries, verdict_on
from tui.session.choosing import chosen
from tui.session.iterations import Iterations


class Reruns:
    """``turning`` is held while it is found out whether the next iteration is due; ``open_next`` begins it."""

    def __init__(
        self,
        engine: Engine,
        iterations: Iterations,
        turning: asyncio.Lock,
        open_next: Callable[[str], Awaitable[None]],
    ) -> None:
        self._engine = engine
        self._iterations = iterations
        self._turning = turning
        self._open_next = open_next
        self._canary: asyncio.Task[None] | None = None

    async def ask(self, command: Rerun, who: str) -> Accepted | Refused:
        """Begin what is asked for; returns when it has begun, or why it does not."""
        state = self._iterations.state
        tests = chosen(command, state)
        if isinstance(tests, Refused):
            return tests
        if not tests and command.what != "touched":
            return Refused(
                "nothing has failed or was blocked" if command.what == "failed" else "there is no test to run"
            )
        if not command.canary:
            return await self._begin(tests, command.what, command.requested, who)
        first, rest = canaries(tests, state)
        answer = await self._begin(first, "canary", command.requested, who)
        if rest and isinstance(answer, Accepted) and answer.number:
            self._canary = asyncio.create_task(self._follow_canary(first, rest, command.what, who))
        return answer

    def close(self) -> None:
        """The session ends: nothing follows a canary any more."""
        if self._canary is not None:
            self._canary.cancel()

    async def _follow_canary(self, first: list[int], rest: list[int], what: str, who: str) -> None:
        """When the canary's pass has ended: the rest, or why not."""
        await self._engine.wait_until_quiet()
        await self._iterations.flush()
        why_not = verdict_on(first, len(rest), self._iterations.state)
        if not why_not:
            answer = await self._begin(rest, what, time.time(), f"{who}, after the canary")
            why_not = answer.why if isinstance(answer, Refused) else ""
        if why_not:
            self._iterations.record(Noticed(time.time(), why_not))

    async def _begin(self, tests: list[int], what: str, requested: float, who: str) -> Accepted | Refused:
        try:
            async with self._turning:
                if await self._engine.has_moved():
                    await self._open_next(who)
            number, count, reloaded = await self._engine.rerun(tests, requested or time.time(), who, what)
        except StagewatchError as error:
            return Refused(str(error))
        await self._iterations.flush()  # who asked may look at once, and is to find it begun
        if not count:
            if any(self._iterations.state.tests[test].collection for test in tests):
                return Accepted("what could not be collected was collected again")
            if what == "touched":
                return Accepted("no test hangs on it, as far as is known")
            return Refused("these tests are running already, or are no longer there")
        edits = f", reloaded: {names_of(reloaded)}" if reloaded else ""
        return Accepted(f"{many(count, 'test')} run{'s' * (count == 1)} again{edits}", number)
