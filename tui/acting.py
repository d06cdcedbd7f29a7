"""``stagewatch action``: lists what the plan lets one do, or has a live session do it and prints what comes of it."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from tui.client.live import LiveFeed
from tui.errors import INTERNAL, INTERRUPTED, StagewatchError
from tui.events import ActionSaid, Event
from tui.plain import Printer
from tui.plan.model import Action
from tui.protocol import Accepted, Act, Cancel, Refused
from tui.reports.actions import action_began, action_ended, command_words, untold
from tui.reports.amounts import many
from tui.shown import line
from tui.state import ActionRun

_FAILED = 1


def action_lines(actions: Sequence[Action]) -> list[str]:
    """A line for each: its key, its title, its command."""
    return [line(f"{action.key}  {action.title}: {command_words(action.command)}") for action in actions]


def named(actions: Sequence[Action], name: str) -> Action:
    """The action with a key or, failing that, a title. Raises StagewatchError when there is none."""
    found = [action for action in actions if action.key == name] or [one for one in actions if one.title == name]
    if not found:
        known = ", ".join(f"{action.key} ({action.title})" for action in actions)
        raise StagewatchError(
            f"there is no action {name} in this plan; {f'there is {known}' if known else 'it has none'}"
        )
    return found[0]


async def run_action(socket: Path, name: str) -> int:
    """Have an action run by a session, and print its output to its end. Returns its exit code, 1 where it has none.

    INT ends the action; a second one only this program. Raises StagewatchError when the session refuses.
    """
    feed = await LiveFeed.connect(socket, commands=True)
    try:
        return await _Following(feed).to_the_end(named(feed.state.plan.actions, name))
    finally:
        await feed.close()


class _Following:
    """One action, from its beginning to its end, as lines: its output, and what is said of it on standard error."""

    def __init__(self, feed: LiveFeed) -> None:
        self._feed = feed
        self._out, self._err = Printer(sys.stdout), Printer(sys.stderr)
        self._number: int | None = None
        self._iteration = feed.state.iteration
        self._told = 0
        self._has_begun = False
        self._over = asyncio.Event()
        self._early: list[Event] = []
        self._interrupts = 0
        self._cancelling: asyncio.Task[Accepted | Refused] | None = None

    async def to_the_end(self, action: Action) -> int:
        reading = asyncio.create_task(self._read())
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGINT, self._interrupt)
        try:
            reply = await self._feed.send(Act(action.key))
            if isinstance(reply, Refused):
                raise StagewatchError(reply.why)
            self._number = reply.number
            self._tell(self._early)
            await self._over.wait()
            return self._code()
        finally:
            loop.remove_signal_handler(signal.SIGINT)
            reading.cancel()

    async def _read(self) -> None:
        async for batch in self._feed.updates():
            if self._number is None:
                self._early += batch  # it may have said much before we know that it is ours
            else:
                self._tell(batch)
        self._over.set()

    @property
    def _run(self) -> ActionRun | None:
        return next((run for run in self._feed.state.actions if run.number == self._number), None)

    def _tell(self, batch: Sequence[Event]) -> None:
        """What is new: from the events, as the state holds only the end of a long output; else from the state."""
        run = self._run
        if run is None:
            return
        if not self._has_begun:
            self._has_begun = True
            self._err.write([action_began(run)])
        if self._iteration != self._feed.state.iteration:
            self._iteration, self._told = self._feed.state.iteration, 0  # the next iteration counts its own lines
        events = [event for event in batch if isinstance(event, ActionSaid) and event.number == run.number]
        said = [text for event in events for text in event.lines]
        news = run.said - self._told
        lines = said[len(said) - news :] if len(said) >= news else untold(run, self._told)
        if missing := run.said - self._told - len(lines):
            self._err.write([f"({many(missing, 'line')} left out)"])
        self._told = run.said
        self._out.write([line(text) for text in lines])
        if run.ended is not None:
            self._err.write([action_ended(run)])
            self._over.set()

    def _code(self) -> int:
        run = self._run
        if self._interrupts:
            return INTERRUPTED
        if run is None or run.ended is None:
            raise StagewatchError(self._feed.farewell or "the session is gone", INTERNAL)
        return run.exit.code if run.exit is not None and run.exit.code is not None and not run.why else _FAILED

    def _interrupt(self) -> None:
        self._interrupts += 1
        if self._interrupts == 1:
            self._cancelling = asyncio.get_running_loop().create_task(self._feed.send(Cancel(action=True)))
        else:
            self._over.set()
