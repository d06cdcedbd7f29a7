"""The plan's actions, run by the session in the background: one at a time, told from its start to its end."""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from tui.engine.masking import Mask, secrets_in
from tui.events import ActionBegan, ActionEnded, ActionSaid, Event, Exit
from tui.gate.words import span
from tui.plan.model import Action
from tui.protocol import Accepted, Refused
from tui.session.action_process import ActionProcess
from tui.session.output import Output
from tui.session.recorded import recorded_text
from tui.state import RunState

MARK = "STAGEWATCH_ACTION"
"""In the environment of an action and of all that it starts: the session's mark, and the action's number."""
_BETWEEN = 0.2
"""Seconds between two tellings of output."""
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


class Actions:
    """Of one session. ``then`` is called with an action that has ended with exit code 0, and with who asked for it."""

    def __init__(
        self,
        actions: Sequence[Action],
        cwd: Path,
        places: Mapping[str, str],
        marks: Mapping[str, str],
        mask: Mask,
        state: Callable[[], RunState],
        tell: Callable[[Event], None],
        told: Callable[[], Awaitable[None]],
        look: Callable[[], Awaitable[None]],
        then: Callable[[Action, str], Awaitable[None]],
    ) -> None:
        """``places``: what stands for a placeholder of a command. ``marks``: variables by which what the session has
        started is found. ``told`` returns when all that was told is safe in the journal. ``look`` sees what an action
        has made of the target, before its end is told: who waits for that is to find it known.
        """
        self._actions = {action.key: action for action in actions}
        self._cwd = cwd
        self._places = places
        self._marks = marks
        self._mask = mask
        self._state = state
        self._tell = tell
        self._told = told
        self._look = look
        self._then = then
        self._environment: dict[str, str] | None = None
        self._number = 0
        self._current: _Running | None = None
        self._work: asyncio.Task[None] | None = None
        self._left: list[ActionProcess] = []
        self._ending = False

    def meet(self, environment: Mapping[str, str]) -> None:
        """The target is there: what its actions are told of it."""
        self._environment = dict(environment)

    @property
    def is_idle(self) -> bool:
        """Whether nothing runs, nor is begun, nor follows."""
        return self._work is None or self._work.done()

    async def wait_until_idle(self) -> None:
        while not self.is_idle:
            assert self._work is not None
            await asyncio.wait([self._work])

    async def begin(self, key: str, who: str) -> Accepted | Refused:
        """Run an action; returns when it runs, or why it does not."""
        action = self._actions.get(key)
        if action is None:
            known = ", ".join(f"{one.key} ({one.title})" for one in self._actions.values())
            return Refused(f"there is no action {key} in this plan" + (f"; there is {known}" if known else ""))
        if self._environment is None:
            return Refused("the target is being started: actions wait for it")
        if self._ending:
            return Refused("the session ends")
        if not self.is_idle:
            what = f"{self._current.action.title} is running" if self._current else "what follows the last one begins"
            return Refused(f"{what}: one action at a time")
        self._number += 1
        mark = f"{MARK}={next(iter(self._marks.values()))}.{self._number}"
        running = self._current = _Running(self._number, action, who, self._mask, self._tell, mark)
        started: asyncio.Future[Refused | None] = asyncio.get_running_loop().create_future()
        self._work = asyncio.get_running_loop().create_task(self._run(running, self._environment, started))
        return await asyncio.shield(started) or Accepted(f"{action.title} is running", running.number)

    def cancel(self, who: str) -> bool:
        """End the action that runs; False when there is none."""
        running = self._current
        if running is None:
            return False
        running.end(f"{who} ended it")
        return True

    async def close(self) -> None:
        """The session ends: so does what it has started here."""
        self._ending = True
        if self._current is not None:
            self._current.end("the session ended")
        await self.wait_until_idle()
        for process in self._left:
            await process.end_rest()

    def tell_again(self) -> None:
        """Another iteration has begun: what runs is told in that one too."""
        if self._current is not None:
            self._current.tell_began(time.time())

    async def _run(
        self, running: _Running, environment: dict[str, str], started: asyncio.Future[Refused | None]
    ) -> None:
        action = running.action
        command = [self._placed(argument) for argument in action.command]
        whole = self._whole(environment)
        self._learn(whole)
        running.command = tuple(recorded_text(part, self._mask) for part in command)
        running.tell_began(running.began)
        await self._told()  # who did what is known, whatever becomes of us
        try:
            await running.process.start(command, self._cwd, whole)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not text that a system takes"
            why = f"can't be started: {running.command[0]}: {reason}"
            running.tell_ended(None, why)
            self._current = None
            await self._told()
            started.set_result(Refused(f"{action.title} {why}; the plan has its command"))
            return
        self._left.append(running.process)
        started.set_result(None)
        exit = await running.until_ended()
        if not self._ending:
            await self._look()
        running.tell_ended(exit, running.why)
        self._current = None
        await self._told()
        if exit.code == 0 and not running.why and action.then and not self._ending:
            await self._then(action, running.who)

    def _placed(self, argument: str) -> str:
        """Braces that hold no placeholder stay as they are."""
        return _PLACEHOLDER.sub(lambda match: self._places.get(match[1], match[0]), argument)

    def _whole(self, environment: dict[str, str]) -> dict[str, str]:
        state = self._state()
        whole = {**os.environ, **environment, **self._marks, "STAGEWATCH_ITERATION": str(state.iteration)}
        whole.pop("STAGEWATCH_REVISION", None)
        if state.revision:
            whole["STAGEWATCH_REVISION"] = state.revision
        return whole

    def _learn(self, environment: Mapping[str, str]) -> None:
        """A secret of several lines is printed line by line."""
        lines = {line for secret in secrets_in(environment, ()) for line in secret.splitlines()}
        self._mask.learn(secrets_in({}, lines))


class _Running:
    """An action under way."""

    def __init__(
        self, number: int, action: Action, who: str, mask: Mask, tell: Callable[[Event], None], mark: str
    ) -> None:
        self.number, self.action, self.who = number, action, who
        self.command: tuple[str, ...] = ()
        self.began = time.time()
        self.took = 0.0
        self.why = ""
        self.process = ActionProcess(mark, self._hear)
        self._tell = tell
        self._output = Output(mask)
        self._due: asyncio.TimerHandle | None = None
        self._asked_to_end = asyncio.Event()

    def end(self, why: str) -> None:
        """Have it ended; the first reason counts."""
        if not self.why:
            self.why = why
            self._asked_to_end.set()

    async def until_ended(self) -> Exit:
        """Its end, or what is made of it."""
        asked = asyncio.create_task(self._asked_to_end.wait())
        ended = asyncio.create_task(self.process.ended(self.action.timeout))
        await asyncio.wait([asked, ended], return_when=asyncio.FIRST_COMPLETED)
        exit = ended.result() if ended.done() else None
        if exit is None:
            self.end(f"it took longer than {span(self.action.timeout)}")
            ended.cancel()
            await asyncio.wait([ended])
            exit = await self.process.end()
        self.took = time.time() - self.began
        asked.cancel()
        self._output.end()
        self._say(last=True)
        return exit

    def tell_began(self, at: float) -> None:
        since = self.began if at != self.began else 0.0
        self._tell(ActionBegan(at, self.number, self.action.key, self.action.title, self.command, self.who, since))

    def tell_ended(self, exit: Exit | None, why: str) -> None:
        self._tell(ActionEnded(time.time(), self.number, exit, self.took, why))

    def _hear(self, data: bytes) -> None:
        self._output.feed(data)
        if self._due is None:
            self._due = asyncio.get_running_loop().call_later(_BETWEEN, self._say)

    def _say(self, *, last: bool = False) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None
        if lines := self._output.take(last=last):
            self._tell(ActionSaid(time.time(), self.number, lines))
