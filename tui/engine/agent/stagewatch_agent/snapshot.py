"""Snapshots: processes that are stopped half-way to a collection, for generations after an edit to be forked from.

One has pytest and its plugins loaded (*plugins*), another the conftests of the project's arguments too (*conftests*).
Each is left behind by a process that is on its way to collect, and serves as long as nothing that it has loaded was
edited and no file came or went: what was edited is then loaded for the first time by the fork. No module is reloaded.
"""

from __future__ import annotations

import gc
import importlib
import json
import linecache
import os
import selectors
import socket
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest

from . import channel
from .changes import Sources, forget_compiled
from .forksafety import against_forking
from .setup import Setup, open_descriptors
from .sightings import Sightings

PLUGINS, CONFTESTS = "plugins", "conftests"
_LONGEST_ORDER = 1 << 18


def leave(level: str, setup: Setup, config: pytest.Config) -> None:
    """Leave a snapshot of this process behind, where the session asks for one and it can be forked.

    Returns in this process, which goes on as if nothing had been, and in each generation that is forked later.
    """
    control = setup.controls.pop(level, None)
    if control is None:
        return
    with socket.socket(fileno=control) as line:
        sightings = Sightings(setup.descriptors | {control}, setup.snapshots)
        if hasattr(os, "pidfd_open") and not (setup.farewells.places or against_forking(sightings)):
            sources = Sources(config.rootpath, setup.started_ns, setup.reads)
            gc.freeze()  # what is loaded stays: a fork that walked it would copy its pages
            pid = os.fork()
            if pid == 0:
                _Snapshot(setup, line, sources).serve()
                _capture_on(config)
            else:
                setup.snapshots.append(pid)


class _Snapshot:
    """Owns the forked process; ``serve`` returns only in a generation that is forked from it."""

    def __init__(self, setup: Setup, line: socket.socket, sources: Sources) -> None:
        self._setup = setup
        self._line = line
        self._sources = sources
        self._forked: dict[int, tuple[int, int]] = {}
        """By the descriptor that becomes readable at its end: a generation's number and process."""

    def serve(self) -> None:
        os.setsid()
        setup = self._setup
        for fd in {setup.to_agent, setup.to_session, *setup.controls.values()}:
            os.close(fd)
        setup.controls.clear()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._line, selectors.EVENT_READ)
        self._say("ready", os.getpid())
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self._line:
                    if self._obey():
                        return
                else:
                    self._bury(key.fd)

    def _obey(self) -> bool:
        """Whether this is the generation that was asked for."""
        try:
            message, fds, _, _ = socket.recv_fds(self._line, _LONGEST_ORDER, 2)
        except OSError:
            message, fds = b"", []
        if not message:
            self._end()
        order = json.loads(message)
        number = order["number"]
        outdated = self._sources.outdated()
        if outdated:
            self._say("refused", number)
        else:
            pid = os.fork()
            if pid == 0:
                self._be_a_generation(order, fds)
                return True
            watch = os.pidfd_open(pid)
            self._forked[watch] = number, pid
            self._selector.register(watch, selectors.EVENT_READ)
            self._say("forked", number, pid)
        for fd in fds:
            os.close(fd)
        return False

    def _be_a_generation(self, order: dict[str, Any], fds: list[int]) -> None:
        os.setsid()
        setup = self._setup
        self._selector.close()
        self._line.close()
        for watch in self._forked:
            os.close(watch)
        kept = [channel.keep(fd) for fd in fds]
        for fd in fds:
            os.close(fd)
        setup.to_agent = setup.to_session = kept[0]
        setup.lines = channel.Lines(kept[0])
        if len(kept) > 1:
            setup.controls[CONFTESTS] = kept[1]
        setup.descriptors |= open_descriptors()  # among them only what was safe to fork, and ours
        setup.started_ns = time.time_ns()
        setup.is_first = False
        setup.files = order["files"]
        forget_compiled(order["changed"], Path.cwd())
        importlib.invalidate_caches()
        linecache.clearcache()

    def _bury(self, watch: int) -> None:
        number, pid = self._forked.pop(watch)
        self._selector.unregister(watch)
        os.close(watch)
        _, status = os.waitpid(pid, 0)
        self._say("ended", number, os.waitstatus_to_exitcode(status))

    def _end(self) -> None:
        """The session has no more use for it, or is gone. Who was forked from it hears that by a line of its own."""
        for watch in list(self._forked):
            self._bury(watch)
        os._exit(0)

    def _say(self, *words: Any) -> None:
        try:
            self._line.send(channel.encode(words))
        except OSError:
            return  # at its end: the next thing that is read says so


def _capture_on(config: pytest.Config) -> None:
    """Go on capturing into files of its own, with what has been captured so far."""
    capture: Any = config.pluginmanager.getplugin("capturemanager")
    capturing = getattr(capture, "_global_capturing", None)
    for stream in (getattr(capturing, "out", None), getattr(capturing, "err", None)):
        file = getattr(stream, "tmpfile", None)
        try:
            shared = file.fileno()
        except (AttributeError, OSError):
            continue  # not captured, or captured in memory
        said = os.pread(shared, os.fstat(shared).st_size, 0)
        with tempfile.TemporaryFile(buffering=0) as own:
            channel.write(own.fileno(), said)
            os.dup2(own.fileno(), shared, inheritable=False)
