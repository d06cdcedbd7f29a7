"""A worker: runs the tests that the session hands it, one at a time, as one pytest session.

It is handed units (the tests of a module). The next unit is asked for when the teardown of the
last test begins and not before: pytest tears down what the next test does not need, and no module
waits behind a slow test of another.
"""

from __future__ import annotations

import faulthandler
import json
import os
import tempfile
import time
from typing import Any

import pytest

from . import channel, covered
from .mask import Mask
from .report import Reports
from .setup import Setup
from .syntax_trees import remember_trees


class Worker:
    """Owns its end of a socket to the zygote; ``run`` returns when there is nothing more to do."""

    def __init__(
        self,
        number: int,
        lines: channel.Lines,
        stacks: int,
        mask: Mask,
        reports: Reports,
        session: pytest.Session,
        items: list[Any],
        began_ns: int,
    ) -> None:
        """``items[i]`` is the session's test *i*, or None where this process has not collected it.

        ``began_ns``: when what was collected here began to be loaded.
        """
        self._number = number
        self._pid = os.getpid()
        self._lines = lines
        self._stacks = stacks
        self._armed_at = float("-inf")
        self._mask = mask
        self._reports = reports
        self._session = session
        self._items = items
        self._began_ns = began_ns

    def run(self) -> None:
        faulthandler.enable(file=self._stacks)
        _be_one_of_many(self._session.config, self._number)
        remember_trees()
        self._say(["ready"])
        try:
            order = self._read()
            while order[0] != "finish":
                order = self._run_unit(order[1], order[2]) if order[0] == "run" else self._read()
        finally:
            faulthandler.cancel_dump_traceback_later()
        covered.leave(self._session.config, self._began_ns)

    def _run_unit(self, indexes: list[int], limit: float | None) -> Any:
        """Run a unit; returns the order that follows it.

        That is asked for before the unit's last word: the session takes a worker that has told of all its tests for
        an idle one, and hands it more by itself.
        """
        end = len(indexes)
        while end and self._items[indexes[end - 1]] is None:
            end -= 1
        order = None if end else self._ask()
        for position, index in enumerate(indexes[:end]):
            item = self._items[index]
            if item is None:
                self._say(["missing", index])
            else:
                order = self._run(index, item, self._first(indexes, position + 1), limit)
                if self._stops():
                    return self._read()
            if order is None and self._lines.has_more() and self._read()[0] == "drop":
                self._say(["dropped"])
                return self._ask()
        for index in indexes[end:]:
            self._say(["missing", index])
        return order

    def _run(self, index: int, item: Any, upcoming: Any, limit: float | None) -> Any:
        """Run one test; returns the order that follows its unit where nothing of that is left (no ``upcoming``)."""
        self._arm(limit)
        asking = None
        if upcoming is None:
            upcoming = asking = _Upcoming(self)
        started = time.time()
        try:
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=upcoming)
        except BaseException as error:
            exits = isinstance(error, pytest.exit.Exception)
            self._say(["aborted", index, type(error).__name__, self._mask(str(error))[:4096], exits])
            raise
        attempts = self._reports.take(started)
        stopping = self._stops()
        if stopping:  # said first: with the result, the session would count on the next test
            self._say(["stopping", self._mask(stopping)])
        order = None if asking is None or stopping else asking.order()
        for number, attempt in enumerate(attempts, start=1):
            self._say(["done", index, attempt, number < len(attempts)])
        return order

    def _stops(self) -> str:
        """Why pytest wants the run to stop; empty while it does not."""
        return str(self._session.shouldfail or self._session.shouldstop or "")

    def _first(self, indexes: list[int], start: int = 0) -> Any:
        """The first item from ``start`` on that this process has collected; None where there is none."""
        items = (self._items[indexes[position]] for position in range(start, len(indexes)))
        return next((item for item in items if item is not None), None)

    def _arm(self, limit: float | None) -> None:
        """Have the stacks of all threads written when the limit passes, whatever state Python is in by then.

        A timer serves all tests that begin within a small part of the limit: arming costs a thread.
        """
        if limit is None:
            return
        now = time.monotonic()
        if now - self._armed_at > min(1.0, limit * 0.05):
            if os.fstat(self._stacks).st_size:
                os.ftruncate(self._stacks, 0)  # of a test that ended in time after all
                os.lseek(self._stacks, 0, os.SEEK_SET)
            faulthandler.dump_traceback_later(limit, file=self._stacks)
            self._armed_at = now

    def item(self, order: Any) -> Any:
        return self._first(order[1]) if order[0] == "run" else None

    def _ask(self) -> Any:
        """What to do when the unit is over. A *drop* may have been on its way: for tests that are missing here."""
        self._say(["pull"])
        order = self._read()
        if order[0] == "drop":
            order = self._read()
            if order[0] != "run":  # what came since is not to be dropped
                self._say(["dropped"])
        return order

    def _say(self, message: Any) -> None:
        self._be_alone()
        try:
            channel.write(self._lines.fd, channel.encode(message))
        except OSError:
            os._exit(1)  # nobody is left to work for

    def _be_alone(self) -> None:
        """A child that a test has forked, and that came back to us instead of ending, has no voice here."""
        if os.getpid() != self._pid:
            os._exit(0)

    def _read(self) -> Any:
        self._be_alone()
        try:
            line = self._lines.next()
        except OSError:
            line = None
        if line is None:
            os._exit(1)  # nobody is left to work for
        return json.loads(line)


class _Upcoming:
    """Stands for the next item until somebody needs to know it; falsy when there is none."""

    def __init__(self, worker: Worker) -> None:
        self.__dict__["_worker"] = worker
        self.__dict__["_order"] = None

    def order(self) -> Any:
        if self._order is None:
            self.__dict__["_order"] = self._worker._ask()
        return self._order

    def __bool__(self) -> bool:
        return self._worker.item(self.order()) is not None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._worker.item(self.order()), name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._worker.item(self.order()), name, value)

    def __eq__(self, other: object) -> bool:
        return self is other or bool(self._worker.item(self.order()) == other)

    def __hash__(self) -> int:
        return hash(self._worker.item(self.order()))


class FreshWorker:
    """A worker that has collected by itself, where forking is not safe."""

    def __init__(self, setup: Setup, reports: Reports, session: pytest.Session) -> None:
        mine: dict[tuple[str, int], Any] = {}
        for item in session.items:
            mine[_numbered(item.nodeid, mine)] = item
        wanted: dict[tuple[str, int], Any] = {}
        for node in setup.config["nodes"]:
            wanted[_numbered(node, wanted)] = None
        self._worker = Worker(
            setup.config["worker"], setup.lines, setup.config["stacks"], setup.mask, reports, session,
            [mine.get(key) for key in wanted], setup.started_ns,
        )  # fmt: skip

    def run(self) -> None:
        self._worker.run()


def _numbered(node: str, known: dict[tuple[str, int], Any]) -> tuple[str, int]:
    """A node id with its ordinal: ids may repeat."""
    ordinal = 0
    while (node, ordinal) in known:
        ordinal += 1
    return node, ordinal


def _be_one_of_many(config: pytest.Config, number: int) -> None:
    """What several processes must not share: capture files, temporary folders, databases, caches."""
    manager = config.pluginmanager
    capture: Any = manager.getplugin("capturemanager")
    _capture_apart(getattr(capture, "_global_capturing", None))
    # Nobody reads a worker's summary, and plugins do costly things for it, since pytest 9.2 also with --no-summary.
    config.option.no_summary = True
    summary: Any = config.hook.pytest_terminal_summary
    for implementation in list(summary.get_hookimpls()):
        summary._remove_plugin(implementation.plugin)
    for name in ("lfplugin", "nfplugin", "stepwiseplugin"):
        plugin = manager.getplugin(name)
        if plugin is not None:
            manager.unregister(plugin)
    factory: Any = getattr(config, "_tmp_path_factory", None)
    given = getattr(factory, "_given_basetemp", None)
    if given is not None:
        given.mkdir(mode=0o700, parents=True, exist_ok=True)
        factory._given_basetemp = given / f"worker-{number}"
    if manager.hasplugin("django") and getattr(config, "_stagewatch_many", True):
        _own_test_databases(number)


def _capture_apart(capturing: Any) -> None:
    """Give this process capture files of its own, underneath the streams that there are.

    The streams must stay: a module may have kept ``sys.stdout`` when it was imported. Captured by
    descriptor, what it writes is found in the file; captured in memory, nothing is shared.
    """
    for stream in (getattr(capturing, "out", None), getattr(capturing, "err", None)):
        file = getattr(stream, "tmpfile", None)
        try:
            shared = file.fileno()
        except (AttributeError, OSError):
            continue  # not captured, or captured in memory
        with tempfile.TemporaryFile(buffering=0) as own:
            os.dup2(own.fileno(), shared, inheritable=False)


def _own_test_databases(number: int) -> None:
    """As pytest-django does for a worker of pytest-xdist."""
    try:
        from django.conf import settings
        from pytest_django.fixtures import _set_suffix_to_test_databases
    except ImportError:
        return
    if settings.configured:
        _set_suffix_to_test_databases(suffix=f"sw{number}")
