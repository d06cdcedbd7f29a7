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
import socket
import subprocess
import sys
import tempfile
import time
from typing import Any, Callable

import pytest

from . import channel, collected
from .changes import Sources
from .forksafety import reason_against_forking
from .report import Reports
from .setup import FOLDER, WORKER_VARIABLE, Setup
from .worker import Worker

_ROWS_A_LINE = 500
_GATHER = 0.002
"""Seconds between two looks at who has something to say: a flood is carried by the handful."""
_ORPHANED_GRACE = 2.0
"""Seconds that workers get between TERM and KILL when the session has died."""
_STACKS_LIMIT = 64 * 1024


class _Child:
    """A worker process, as its parent knows it. ``watch`` becomes readable when it has ended (Linux only)."""

    def __init__(
        self, number: int, pid: int, fd: int, stacks: int, popen: subprocess.Popen[bytes] | None = None
    ) -> None:
        self.number = number
        self.pid = pid
        self.lines: channel.Lines | None = channel.Lines(fd)
        self.fd = fd
        self.stacks = stacks
        self.popen = popen
        self.watch = os.pidfd_open(pid) if hasattr(os, "pidfd_open") else None
        self.kill_at: float | None = None
        self.end_by: float | None = None
        """When it is to be ended, unless its stacks are there before."""
        self.is_to_tell = False
        self.grace = 0.0


class Zygote:
    """Serves the session until it says *finish*, or is gone. In a forked worker, ``serve`` returns at its end."""

    def __init__(
        self,
        setup: Setup,
        reports: Reports,
        session: pytest.Session,
        errors: dict[str, dict[str, Any]],
        notes: list[str],
    ) -> None:
        self._setup = setup
        self._reports = reports
        self._session = session
        self._errors = errors
        self._notes = notes
        self._children: dict[int, _Child] = {}
        self._serving = True
        self._carried_at = 0.0

    def serve(self) -> None:
        # What was collected stays: no worker's collector needs to walk it, or to copy its pages by doing so.
        gc.freeze()
        self._cold_reason = reason_against_forking(self._setup.descriptors)
        self._selector = selectors.DefaultSelector()
        self._sources = self._read_sources()
        self._announce()
        _warm_up()
        self._selector.register(self._setup.to_agent, selectors.EVENT_READ, self._hear_session)
        if self._setup.lines.has_more():
            self._hear_session()  # what came together with the configuration has been read, and wakes no selector
        while self._serving:
            for key, _ in self._ready():
                key.data()
                if not self._serving:
                    break
            else:
                self._reap_the_unwatched()
                self._end_the_due()
                self._kill_the_late()
        self._selector.close()

    def _ready(self) -> list[Any]:
        """What can be read, as soon as it can; in a flood, what has come together in a short while."""
        ready = self._selector.select(self._patience())
        pause = self._carried_at + _GATHER - time.monotonic()
        if pause > 0:
            time.sleep(pause)
            ready = self._selector.select(0)
        self._carried_at = time.monotonic()
        return ready

    def _read_sources(self) -> Sources:
        config = self._session.config
        extra = [
            config.rootpath / name
            for name in ("pyproject.toml", "pytest.ini", "pytest.toml", "tox.ini", "setup.cfg", "conftest.py")
        ]
        extra += [item.path for item in self._session.items]
        return Sources(config.rootpath, self._setup.started_ns, extra)

    def _announce(self) -> None:
        items, mask = self._session.items, self._setup.mask
        rows = list(collected.describe(items, self._setup.config["suites"], mask, str(self._session.config.rootpath)))
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
                    "cold_reason": self._cold_reason,
                },
            ]
        )

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
                child = self._children.get(int(target))
                if child is not None and child.lines is not None:
                    self._tell(child, body)

    def _obey(self, order: list[Any]) -> None:
        name, *rest = order
        if name == "start":
            self._start(rest[0])
        elif name == "end":
            self._end(*rest)
        elif name == "check":
            changed = self._sources.changed()
            self._say(["checked", rest[0], [self._setup.mask(path) for path in changed[:100]], len(changed)])
        elif name == "finish":
            self._remember_failures(rest[0], rest[1])
            self._serving = False

    def _start(self, number: int) -> None:
        ours, theirs = (end.detach() for end in socket.socketpair())
        stacks = _private_file()
        if self._cold_reason is None:
            child = self._fork(number, ours, theirs, stacks)
            if child is None:
                return
        else:
            child = self._spawn(number, ours, theirs, stacks)
        os.close(theirs)
        self._children[number] = child
        self._selector.register(ours, selectors.EVENT_READ, lambda: self._hear_child(child))
        if child.watch is not None:
            self._selector.register(child.watch, selectors.EVENT_READ, lambda: self._reap(child))
        self._say(["started", number, child.pid])
        if child.popen is not None:  # only now that the other end is nobody's but its own: it may have ended already
            nodes = [item.nodeid for item in self._session.items]
            config = {**self._setup.config, "worker": number, "stacks": stacks, "nodes": nodes}
            self._tell(child, channel.encode(config).rstrip(b"\n"))

    def _fork(self, number: int, ours: int, theirs: int, stacks: int) -> _Child | None:
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid:
            return _Child(number, pid, ours, stacks)
        os.setsid()
        self._selector.close()
        for fd in [ours, self._setup.to_agent, self._setup.to_session, *self._descriptors()]:
            os.close(fd)
        self._children.clear()
        moved = channel.keep(theirs)
        os.close(theirs)
        self._serving = False
        Worker(
            number, channel.Lines(moved), stacks, self._setup.mask, self._reports, self._session, self._session.items
        ).run()
        return None

    def _descriptors(self) -> list[int]:
        return [
            fd
            for child in self._children.values()
            for fd in (child.fd, child.stacks, child.watch)
            if fd is not None and fd >= 0
        ]

    def _spawn(self, number: int, ours: int, theirs: int, stacks: int) -> _Child:
        environment = dict(self._setup.environment)
        environment["PYTHONPATH"] = FOLDER + (
            os.pathsep + environment["PYTHONPATH"] if environment.get("PYTHONPATH") else ""
        )
        environment[WORKER_VARIABLE] = str(theirs)
        popen = subprocess.Popen(
            [sys.executable, "-m", "pytest", *map(str, self._session.config.invocation_params.args)],
            env=environment,
            pass_fds=[theirs, stacks],
            stdin=subprocess.DEVNULL,
            cwd=self._session.config.invocation_params.dir,
            start_new_session=True,
        )
        return _Child(number, popen.pid, ours, stacks, popen)

    def _hear_child(self, child: _Child) -> None:
        assert child.lines is not None
        try:
            lines = child.lines.read()
        except OSError:
            lines = None
        if lines is None:
            self._lose(child)
        elif lines:
            prefix = b"%d " % child.number
            self._write(b"".join([prefix + line + b"\n" for line in lines]))

    def _tell(self, child: _Child, body: bytes) -> None:
        try:
            channel.write(child.fd, body + b"\n")
        except OSError:
            self._lose(child)

    def _lose(self, child: _Child) -> None:
        """Its channel is closed: it has ended, or it has closed what was not its own and can't be heard any more."""
        if child.lines is None:
            return
        child.lines = None
        self._selector.unregister(child.fd)
        os.close(child.fd)
        child.fd = -1
        if child.kill_at is None:
            child.kill_at = time.monotonic() + _ORPHANED_GRACE

    def _end(self, number: int, grace: float, patience: float) -> None:
        child = self._children.get(number)
        if child is not None:
            child.grace = grace
            child.end_by = time.monotonic() + patience
            child.is_to_tell = patience > 0
            self._end_the_due()

    def _end_the_due(self) -> None:
        now = time.monotonic()
        for child in self._children.values():
            if child.end_by is None:
                continue
            told = bool(os.fstat(child.stacks).st_size)
            if told or child.end_by <= now:
                child.end_by = None
                child.kill_at = now + child.grace
                if told or not child.is_to_tell:
                    _signal_group(child.pid, signal.SIGTERM)
                else:
                    os.kill(child.pid, signal.SIGABRT)  # faulthandler's own word for: say where you are, and end

    def _patience(self) -> float | None:
        deadlines = [child.kill_at for child in self._children.values() if child.kill_at is not None]
        waits = [max(0.0, deadline - time.monotonic()) for deadline in deadlines]
        if any(child.watch is None or child.end_by is not None for child in self._children.values()):
            waits.append(0.05)
        return min(waits, default=None)

    def _kill_the_late(self) -> None:
        now = time.monotonic()
        for child in list(self._children.values()):
            if child.kill_at is not None and child.kill_at <= now:
                child.kill_at = now + _ORPHANED_GRACE
                _signal_group(child.pid, signal.SIGKILL)

    def _reap_the_unwatched(self) -> None:
        for child in list(self._children.values()):
            if child.watch is None and os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                self._reap(child)

    def _reap(self, child: _Child) -> None:
        """It has ended: pass on its last words, end what it left in its group, and tell how it ended."""
        if child.lines is not None:
            os.set_blocking(child.fd, False)
            while child.lines is not None and child.lines.has_more():
                self._hear_child(child)
        _signal_group(child.pid, signal.SIGKILL)  # before reaping: until then the number is nobody else's
        _, status = os.waitpid(child.pid, 0)
        code = os.waitstatus_to_exitcode(status)
        if child.popen is not None:
            child.popen.returncode = code
        if child.watch is not None:
            self._selector.unregister(child.watch)
            os.close(child.watch)
        if child.lines is not None:
            self._selector.unregister(child.fd)
            os.close(child.fd)
        stacks = self._setup.mask(_last_stacks(child.stacks))
        os.close(child.stacks)
        del self._children[child.number]
        name = signal.Signals(-code).name if code < 0 and -code in set(signal.Signals) else None
        self._say(
            [
                "exited",
                child.number,
                code if code >= 0 else None,
                name or (f"signal {-code}" if code < 0 else None),
                stacks,
            ]
        )

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
        for child in self._children.values():
            _signal_group(child.pid, signal.SIGTERM)
        deadline = time.monotonic() + _ORPHANED_GRACE
        pending = list(self._children.values())
        while pending and time.monotonic() < deadline:
            pending = [
                child for child in pending if not os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            ]
            if pending and pending[0].watch is not None:
                waiter = selectors.DefaultSelector()
                waiter.register(pending[0].watch, selectors.EVENT_READ)
                waiter.select(max(0.0, deadline - time.monotonic()))
                waiter.close()
        for child in self._children.values():
            _signal_group(child.pid, signal.SIGKILL)
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


def _signal_group(pid: int, number: int) -> None:
    for send in (os.killpg, os.kill):
        try:
            send(pid, number)
        except (ProcessLookupError, PermissionError):
            continue  # already gone, or (a group) not made yet


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


def _private_file() -> int:
    """A file without a name, which a worker's last stacks are written to."""
    create: Callable[..., int] | None = getattr(os, "memfd_create", None)
    if create is not None:
        return _kept(create("stagewatch-stacks"))
    descriptor, path = tempfile.mkstemp()
    os.unlink(path)
    return _kept(descriptor)


def _kept(fd: int) -> int:
    kept = channel.keep(fd)
    os.close(fd)
    return kept


def _last_stacks(fd: int) -> str:
    """The newest dump in the file: an earlier one was of a test that ended in time after all."""
    size = os.fstat(fd).st_size
    text = os.pread(fd, _STACKS_LIMIT, max(0, size - _STACKS_LIMIT)).decode("utf-8", "backslashreplace")
    return text[max(text.rfind("Timeout ("), text.rfind("Fatal Python error"), 0) :]
