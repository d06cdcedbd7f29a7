"""The zygote's children: started, carried the words of, ended, and reaped.

A worker that hangs is ended from here; one that has ended is told of once, after its last words.
"""

from __future__ import annotations

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

from . import channel
from .setup import FOLDER, WORKER_VARIABLE, Setup

_ORPHANED_GRACE = 2.0
"""Seconds between TERM and KILL for workers that nobody can hear any more."""
_STACKS_LIMIT = 64 * 1024


class Child:
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


class Children:
    """Owns the workers' processes, and what ``selector`` watches of them. ``write`` takes lines for the session."""

    def __init__(
        self,
        setup: Setup,
        session: pytest.Session,
        selector: selectors.BaseSelector,
        write: Callable[[bytes], None],
    ) -> None:
        self._setup = setup
        self._session = session
        self._selector = selector
        self._write = write
        self._children: dict[int, Child] = {}

    @property
    def is_empty(self) -> bool:
        return not self._children

    def fork(self, number: int) -> tuple[int, int] | None:
        """Start a worker from this process. In the fork: its socket to the zygote, and the file for its stacks."""
        ours, theirs, stacks = _ends()
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid:
            os.close(theirs)
            self._add(Child(number, pid, ours, stacks))
            return None
        os.setsid()
        self._selector.close()
        for fd in {ours, self._setup.to_agent, self._setup.to_session, *self._descriptors()}:
            os.close(fd)
        self._children.clear()
        moved = channel.keep(theirs)
        os.close(theirs)
        return moved, stacks

    def spawn(self, number: int) -> None:
        """Start a worker as a fresh process, which collects by itself."""
        ours, theirs, stacks = _ends()
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
        os.close(theirs)  # before it is told anything: an end that only it holds tells when it has ended
        child = Child(number, popen.pid, ours, stacks, popen)
        self._add(child)
        nodes = [item.nodeid for item in self._session.items]
        config = {**self._setup.config, "worker": number, "stacks": stacks, "nodes": nodes}
        self._tell(child, channel.encode(config).rstrip(b"\n"))

    def _add(self, child: Child) -> None:
        self._children[child.number] = child
        self._selector.register(child.fd, selectors.EVENT_READ, lambda: self._hear_child(child))
        if child.watch is not None:
            self._selector.register(child.watch, selectors.EVENT_READ, lambda: self._reap(child))
        self._say(["started", child.number, child.pid])

    def _descriptors(self) -> list[int]:
        return [
            fd
            for child in self._children.values()
            for fd in (child.fd, child.stacks, child.watch)
            if fd is not None and fd >= 0
        ]

    def tend(self) -> None:
        """What is due by now: notice ends that nothing readable tells of, end and kill whose time is over."""
        self._reap_the_unwatched()
        self._end_the_due()
        self._kill_the_late()

    def _hear_child(self, child: Child) -> None:
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

    def tell(self, number: int, body: bytes) -> None:
        child = self._children.get(number)
        if child is not None and child.lines is not None:
            self._tell(child, body)

    def _tell(self, child: Child, body: bytes) -> None:
        try:
            channel.write(child.fd, body + b"\n")
        except OSError:
            self._lose(child)

    def _lose(self, child: Child) -> None:
        """Its channel is closed: it has ended, or it has closed what was not its own and can't be heard any more."""
        if child.lines is None:
            return
        child.lines = None
        self._selector.unregister(child.fd)
        os.close(child.fd)
        child.fd = -1
        if child.kill_at is None:
            child.kill_at = time.monotonic() + _ORPHANED_GRACE

    def end(self, number: int, grace: float, patience: float) -> None:
        """TERM, when its stacks are there or after ``patience``; KILL ``grace`` seconds later."""
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

    def patience(self) -> float | None:
        """Seconds until there is something to do that nothing readable tells of."""
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

    def _reap(self, child: Child) -> None:
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

    def _say(self, message: Any) -> None:
        self._write(b"0 " + channel.encode(message))

    def end_all(self) -> None:
        """End every worker, now; returns when they are gone or have had their time."""
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


def _ends() -> tuple[int, int, int]:
    """Of a new socket, ours and the worker's; and a file for the worker's last stacks."""
    ours, theirs = (end.detach() for end in socket.socketpair())
    return ours, theirs, _private_file()


def _signal_group(pid: int, number: int) -> None:
    for send in (os.killpg, os.kill):
        try:
            send(pid, number)
        except (ProcessLookupError, PermissionError):
            continue  # already gone, or (a group) not made yet


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
