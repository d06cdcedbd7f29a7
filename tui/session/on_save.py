"""Rerun on save: what failed, then what the saved files touch. It asks as a viewer does, and never over what runs."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from tui.events import SAVED, Event, FilesSaved, Noticed, OnSaveTurned
from tui.protocol import Accepted, Refused, Rerun
from tui.reports.amounts import many
from tui.reports.sentences import names_of
from tui.session.choosing import chosen
from tui.session.imports import Imports
from tui.session.own_writes import OwnWrites
from tui.session.touched import touched
from tui.session.watch import Watch
from tui.state import RunState

_MOST_NAMED = 50
"""Files that an event names."""

Ask = Callable[[Rerun, str], Awaitable[Accepted | Refused]]


class OnSave:
    """Of one session; off until it is turned on. ``happened`` has to be called whenever ``state`` is another one."""

    def __init__(
        self,
        root: Path,
        state: Callable[[], RunState],
        ask: Ask,
        quiet: Callable[[], Awaitable[None]],
        tell: Callable[[Event], None],
        marks: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        """``quiet`` returns when also what has run tests is gone. ``marks``: variables of what is no test's process."""
        self._root = root
        self._state = state
        self._ask = ask
        self._quiet = quiet
        self._marks = marks
        self._tell = tell
        self._watch: Watch | None = None
        self._by = ""
        self._latest = 0.0
        self._work: asyncio.Task[None] | None = None
        self._waiting: dict[str, None] = {}
        """What was saved and has had nothing run yet."""
        self._own = OwnWrites()
        self._imports = Imports(root)
        self._news = asyncio.Event()

    async def turn(self, on: bool, who: str) -> Accepted | Refused:
        """On or off, as ``who`` asks."""
        if on == (self._watch is not None):
            return Refused(f"rerun on save is {'on' if on else 'off'} already")
        if on:
            watch = self._watch = Watch(self._root, self._saved, self._complain, self._marks())
            await watch.begin()
        else:
            self._rest()
        self._by = who
        self._tell(OnSaveTurned(time.time(), on, who))
        return Accepted("what failed runs again when a file is saved" if on else "saves have nothing run any more")

    def tell_again(self) -> None:
        """The next iteration begins with it as it is."""
        if self._watch is not None:
            self._tell(OnSaveTurned(time.time(), True, self._by))

    def happened(self) -> None:
        self._news.set()

    def is_used(self, within: float) -> bool:
        """Whether somebody has saved a file in these latest seconds."""
        return self._watch is not None and time.time() - self._latest < within

    def close(self) -> None:
        """The session ends."""
        self._rest()
        if self._work is not None:
            self._work.cancel()

    def _rest(self) -> None:
        """Watch no more. What runs for a save goes on, and nothing follows it."""
        if self._watch is not None:
            self._watch.end()
        self._watch = None
        self._waiting.clear()

    def _complain(self, why: str) -> None:
        self._tell(Noticed(time.time(), f"rerun on save: {why}", serious=True))

    def _saved(self, paths: Sequence[str], since: float) -> None:
        """From the watch: a save."""
        while_running = self._is_busy or self._has_run_since(since)
        counting = self._own.counting(paths, while_running=while_running)
        if not counting:
            return
        self._latest = time.time()
        self._waiting.update(dict.fromkeys(counting))
        self._say(counting, waits=self._is_busy)
        if self._work is None or self._work.done():
            self._work = asyncio.get_running_loop().create_task(self._follow())

    async def _follow(self) -> None:
        """Rounds, until nothing that was saved is left."""
        while self._waiting:
            await self._until_idle()
            paths, self._waiting = list(self._waiting), {}
            theirs = self._own.begin_round(paths)
            if theirs:
                self._say(theirs, why_not=self._own.why_not)
            if paths := [path for path in paths if path not in theirs]:
                await self._round(paths)

    async def _round(self, paths: list[str]) -> None:
        watch = self._watch
        names, asked = names_of([_text(path) for path in paths]), time.time()
        by = f"{SAVED}{names}"
        answers = []
        if chosen(Rerun("failed"), self._state()):
            answers.append(await self._ask(Rerun("failed", requested=asked), by))
            await self._until_idle()
            if self._is_cancelled or self._watch is not watch:  # or turned off, and perhaps on again
                return
            if self._waiting:  # saved again meanwhile: what fails comes first
                self._waiting = dict.fromkeys([*paths, *self._waiting])
                return
        found = touched(self._state(), paths, await asyncio.to_thread(self._imports.dependents, paths))
        ran = {test for one in self._state().passes if one.requested == asked for test in one.tests}
        tests = [test for test in found.tests if test not in ran]
        if tests or not answers:  # of what failed nothing may be left, and an edit may bring new tests
            answers.append(await self._ask(Rerun("touched", tuple(tests), requested=asked), by))
            await self._until_idle()
        if found.left:
            text = f"{names}: hangs together with {many(found.left, 'more test')}, too many to run unasked; a runs all"
            self._tell(Noticed(time.time(), text))
        elif not any(isinstance(answer, Accepted) and answer.number for answer in answers):
            refused = [answer.why for answer in answers if isinstance(answer, Refused)]
            self._say(
                paths, why_not=refused[0] if refused else "nothing has failed, and no test is known to hang on it"
            )

    @property
    def _is_busy(self) -> bool:
        """Whether tests run, or are about to."""
        state = self._state()
        return state.is_running or state.goes_on

    @property
    def _is_cancelled(self) -> bool:
        passes = self._state().passes
        return bool(passes) and passes[-1].cancelled

    def _has_run_since(self, since: float) -> bool:
        """Whether tests ran when the files may have been written."""
        passes = self._state().passes
        return bool(passes) and (passes[-1].ended or 0.0) >= since

    async def _until_idle(self) -> None:
        while True:
            while self._is_busy:
                self._news.clear()
                await self._news.wait()
            await self._quiet()
            if not self._is_busy:
                return

    def _say(self, paths: Sequence[str], *, waits: bool = False, why_not: str = "") -> None:
        named = tuple(_text(path) for path in paths[:_MOST_NAMED])
        self._tell(FilesSaved(time.time(), named, len(paths), waits, why_not))


def _text(path: str) -> str:
    """A path fit to be recorded, whatever its bytes are."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
