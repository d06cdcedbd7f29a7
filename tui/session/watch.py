"""Watches a project for saves, and tells of them when it is quiet again: a save of many files is one.

The kernel says *that* something was written; what it was is seen by comparing the project with how it was before. So
an editor that saves through a temporary file, the hundred files of a checkout and a notice that got lost are the same.
"""

from __future__ import annotations

import asyncio
import errno
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tui.journal.filesystem import network_type
from tui.session import project_files
from tui.session.git_ignore import not_ignored
from tui.session.inotify import FolderEvents
from tui.session.project_files import Look, saved_between

QUIET = 0.1
"""Seconds without a write after which a save is over."""
_LONGEST_SAVE = 2.0
"""Seconds after which it is told of even if writing goes on."""
_LOOK_EVERY = 1.0
"""Seconds between two looks where the kernel tells nothing."""
_LOOKING_SHARE = 20
"""A look that takes long is followed by so many times that without one."""

Saved = Callable[[Sequence[str], float], None]


class Watch:
    """``saved`` is called with paths within the project, and since when they may have been written; ``complain`` with
    why saves are noticed late, or no more. ``marks``: variables by which what is started here is known for no test's.
    """

    def __init__(
        self, root: Path, saved: Saved, complain: Callable[[str], None], marks: Mapping[str, str] | None = None
    ) -> None:
        self._root = root
        self._saved = saved
        self._complain = complain
        self._marks = marks or {}
        self._stirred = asyncio.Event()
        self._since = 0.0
        self._took = 0.0
        """Seconds that the latest look has taken."""
        self._before = Look({}, frozenset())
        self._events: FolderEvents | None = None
        self._work: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """From when this returns no save is missed."""
        why = await asyncio.to_thread(self._why_blind)
        self._before = await self._look()
        if why:
            self._say_blind(why)
        else:
            self._listen()
        self._work = asyncio.get_running_loop().create_task(self._run())
        self._work.add_done_callback(self._died)

    def end(self) -> None:
        if self._work is not None:
            self._work.cancel()
        self._deafen()

    def _listen(self) -> None:
        try:
            self._events = FolderEvents(
                self._stir, lambda name, is_folder: project_files.counts(name, is_folder=is_folder)
            )
            self._events.watch(self._before.folders)
            self._stir()  # what was written between the look and now
        except OSError as error:
            self._deafen()
            self._say_blind(_reason(error))

    def _say_blind(self, why: str) -> None:
        self._complain(f"{why}: saves are looked for every second")

    def _died(self, work: asyncio.Task[None]) -> None:
        if not work.cancelled() and (error := work.exception()) is not None:
            self._complain(f"saves are noticed no more: {error!r}")

    def _why_blind(self) -> str:
        kind = network_type(self._root)
        return f"{self._root} lies on a network file system ({kind}), where others write unseen" if kind else ""

    def _stir(self) -> None:
        self._since = self._since or time.time()
        self._stirred.set()

    def _deafen(self) -> None:
        if self._events is not None:
            self._events.close()
            self._events = None

    async def _run(self) -> None:
        while True:
            if self._events is not None:
                since = await self._wait_for_quiet()
                now = await self._look()
            else:
                since = time.time()
                await asyncio.sleep(max(_LOOK_EVERY, self._took * _LOOKING_SHARE))
                now = await self._look_until_quiet()
            self._follow_folders(now)
            paths, self._before = saved_between(self._before, now, self._root), now
            if paths := await not_ignored(self._root, paths, self._marks):
                self._saved(paths, since)

    async def _wait_for_quiet(self) -> float:
        """Since when something was written."""
        await self._stirred.wait()
        with suppress(TimeoutError):
            async with asyncio.timeout(_LONGEST_SAVE):
                while self._stirred.is_set():
                    self._stirred.clear()
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._stirred.wait(), QUIET)
        self._stirred.clear()
        since, self._since = self._since, 0.0
        return since

    async def _look_until_quiet(self) -> Look:
        now = await self._look()
        until = time.monotonic() + _LONGEST_SAVE
        while now != self._before and time.monotonic() < until:
            await asyncio.sleep(QUIET)
            before, now = now, await self._look()
            if now == before:
                break
        return now

    def _follow_folders(self, now: Look) -> None:
        """Watch new folders; what came into them before they were watched is seen by another look."""
        if self._events is None or now.folders == self._before.folders:
            return
        try:
            self._events.watch(now.folders)
            self._stir()
        except OSError as error:
            self._deafen()
            self._say_blind(_reason(error))

    async def _look(self) -> Look:
        began = time.monotonic()
        found = await asyncio.to_thread(project_files.look, self._root)
        self._took = time.monotonic() - began
        return found


def _reason(error: OSError) -> str:
    if error.errno == errno.ENOSPC:
        return "the kernel watches no more folders for this user (fs.inotify.max_user_watches)"
    if error.errno == errno.EMFILE:
        return "the kernel has no more watches for this user (fs.inotify.max_user_instances)"
    return f"the kernel does not tell of saves ({error.strerror or error})"
