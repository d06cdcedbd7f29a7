"""The zygote: has collected, runs no test, starts workers and carries their words.

One thread, one selector. It never waits for a test: a worker that hangs is ended from here, and
when the session is gone (standard input ends) so is everything that this process started.
"""

from __future__ import annotations

import gc
import inspect
import json
import os
import selectors
import signal
import sys
import time
from typing import Any

import pytest

from . import channel, collected, covered
from .changes import Sources
from .children import Children
from .forksafety import against_forking, costs_of, of_libraries, shared_by_forks
from .report import Reports
from .setup import Setup
from .sightings import Sightings
from .syntax_trees import foresee_failure, remember_trees
from .worker import Worker

_ROWS_A_LINE = 500
_MOST_CHANGED = 100
"""Edited files that are named."""
_GATHER = 0.002
"""Seconds between two looks at who has something to say: a flood is carried by the handful."""


class Zygote:
    """Serves the session until it says *finish*, or is gone. In a forked worker, ``serve`` returns at its end."""

    def __init__(
        self,
        setup: Setup,
        reports: Reports,
        session: pytest.Session,
        errors: dict[str, dict[str, Any]],
        notes: list[str],
        sightings: Sightings,
    ) -> None:
        self._setup = setup
        self._reports = reports
        self._session = session
        self._errors = errors
        self._notes = notes
        self._sightings = sightings
        self._serving = True
        self._carried_at = 0.0
        self._failed: list[Any] = []
        """Functions of failed tests whose files are to be parsed when nothing runs."""
        self._seen_to_fail: set[Any] = set()

    def serve(self) -> None:
        # What was collected stays: no worker's collector needs to walk it, or to copy its pages by doing so.
        gc.freeze()
        self._unsafe = against_forking(self._sightings)
        self._cold_reason = self._unsafe[0][1] if self._unsafe else None
        self._selector = selectors.DefaultSelector()
        self._children = Children(self._setup, self._session, self._selector, self._write)
        self._sources = self._read_sources()
        self._announce()
        _warm_up()
        remember_trees()
        self._selector.register(self._setup.to_agent, selectors.EVENT_READ, self._hear_session)
        if self._setup.lines.has_more():
            self._hear_session()  # what came together with the configuration has been read, and wakes no selector
        while self._serving:
            ready = self._ready()
            for key, _ in ready:
                key.data()
                if not self._serving:
                    break
            else:
                self._children.tend()
                if self._is_idle and not ready:
                    foresee_failure(self._failed.pop())
        self._selector.close()

    def _ready(self) -> list[Any]:
        """What can be read, as soon as it can; in a flood, what has come together in a short while."""
        ready = self._selector.select(0 if self._is_idle else self._children.patience())
        pause = self._carried_at + _GATHER - time.monotonic()
        if pause > 0:
            time.sleep(pause)
            ready = self._selector.select(0)
        self._carried_at = time.monotonic()
        return ready

    @property
    def _is_idle(self) -> bool:
        """Nothing runs, and there is something to prepare for the next rerun."""
        return bool(self._failed) and self._children.is_empty

    def _note_failure(self, index: int) -> None:
        item = self._session.items[index]
        function = getattr(item, "function", None)
        if function is not None and item.path not in self._seen_to_fail and self._cold_reason is None:
            self._seen_to_fail.add(item.path)
            self._failed.append(function)

    def _read_sources(self) -> Sources:
        config = self._session.config
        self._setup.reads.enough()
        items = [item.path for item in self._session.items]
        return Sources(config.rootpath, self._setup.started_ns, self._setup.reads, items)

    def _announce(self) -> None:
        items, mask = self._session.items, self._setup.mask
        config = self._setup.config
        rows = list(collected.describe(items, config["suites"], config["selection"], mask))
        for start in range(0, len(rows), _ROWS_A_LINE):
            self._say(["items", rows[start : start + _ROWS_A_LINE]])
        tell_errors(self._setup, self._errors)
        for note in self._notes:
            self._say(["note", mask(note)])
        self._say(
            [
                "collected",
                {
                    "python": ".".join(map(str, sys.version_info[:3])),
                    "pytest": pytest.__version__,
                    "root": str(self._session.config.rootpath),
                    "count": len(rows),
                    "digest": self._sources.digest(),
                    "data": self._sources.data(),
                    "cold_reason": self._cold_reason,
                    "findings": self._findings(),
                },
            ]
        )

    def _findings(self) -> list[list[Any]]:
        """What stands in the way of forking, what it copies, what costs time; of each whether it is the first."""
        manager = self._session.config.pluginmanager
        shared = [] if self._unsafe else shared_by_forks(self._sightings, self._setup.farewells.places)
        harmless = [*shared, *of_libraries(bool(self._unsafe)), *costs_of(manager)]
        rows = [(row, True) for row in self._unsafe] + [(row, False) for row in harmless]
        return [[*map(self._setup.mask, row), blocks] for row, blocks in rows]

    def _hear_session(self) -> None:
        lines = self._setup.lines.read()
        if lines is None:
            self._end_with_session()
            return
        for line in lines:
            target, _, body = line.partition(b" ")
            if target == b"0":
                self._obey(json.loads(body))
                if not self._serving:
                    return
            else:
                self._children.tell(int(target), body)

    def _obey(self, order: list[Any]) -> None:
        name, *rest = order
        if name == "start":
            self._start(*rest)
        elif name == "end":
            self._children.end(*rest)
        elif name == "check":
            changed = self._sources.changed()
            shown = [self._setup.mask(path) for path in changed[:_MOST_CHANGED]]
            self._say(["checked", rest[0], shown, self._sources.data()])
        elif name == "failed":
            self._note_failure(rest[0])
        elif name == "finish":
            self._remember_failures(rest[0], rest[1])
            covered.make_ready(self._session.config, self._setup.started_ns)
            self._serving = False

    def _start(self, number: int, cold: bool) -> None:
        if cold or self._cold_reason is not None:
            self._children.spawn(number)
            return
        forked = self._children.fork(number)
        if forked is not None:
            self._serving = False
            self._setup.farewells.disown()
            fd, stacks = forked
            session, began_ns = self._session, self._setup.started_ns
            lines = channel.Lines(fd)
            Worker(
                number, lines, stacks, self._setup.mask, self._reports, session, session.items, began_ns
            ).run()  # fmt: skip

    def _remember_failures(self, failed: list[int], passed: list[int]) -> None:
        """What ``pytest --lf`` will know: the workers must not write it, each knows only its own part."""
        plugin: Any = self._session.config.pluginmanager.getplugin("lfplugin")
        if plugin is None:
            return
        for index in passed:
            plugin.lastfailed.pop(self._session.items[index].nodeid, None)
        for index in failed:
            plugin.lastfailed[self._session.items[index].nodeid] = True

    def _end_with_session(self) -> None:
        self._children.end_all()
        for _ in range(2):  # what is within execve(2) the first time shows no environment
            _kill_marked(self._setup.config["mark"])
        os._exit(1)

    def _say(self, message: Any) -> None:
        self._write(b"0 " + channel.encode(message))

    def _write(self, data: bytes) -> None:
        try:
            channel.write(self._setup.to_session, data)
        except OSError:
            self._end_with_session()


def _warm_up() -> None:
    """Have done once, for all forks, what the first failure in a process would wait for: 30 ms of 40 (measured)."""
    inspect.getmodule(_warm_up.__code__)  # fills its map from files to modules


def tell_errors(setup: Setup, errors: dict[str, dict[str, Any]]) -> None:
    """What could not be collected."""
    for node, explained in errors.items():
        channel.write(setup.to_session, b"0 " + channel.encode(["uncollected", setup.mask(node), explained]))


def _kill_marked(mark: str) -> None:
    """End what tests started and moved out of their worker's group: it still bears the session's mark."""
    needle = mark.encode()
    try:
        pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return
    for pid in pids:
        if pid == os.getpid():
            continue
        try:
            with open(f"/proc/{pid}/environ", "rb") as environment:
                marked = needle in environment.read()
            if marked:
                os.kill(pid, signal.SIGKILL)
        except OSError:
            continue  # gone, or another user's
