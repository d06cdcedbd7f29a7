"""One service as the supervisor sees it: a forked process, and a line of JSON messages to it and from it.

A service ends with its supervisor whatever happens to that: the kernel is told to kill it (on Linux), and the line
between the two, which closes with the supervisor, is watched by the edge, the one that has something to tidy.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class Child:
    """A forked process by the name of its instance. ``pid`` is 0 once it has been waited for."""

    def __init__(self, instance: str, pid: int, line: socket.socket) -> None:
        self.instance = instance
        self.pid = pid
        self.line = line
        self.started = False
        self._partial = b""

    def messages(self) -> list[dict[str, Any]]:
        """What has arrived on its line; nothing if it has closed it, which its end will explain."""
        try:
            self._partial += self.line.recv(65536)
        except (BlockingIOError, ConnectionError):
            return []
        *lines, self._partial = self._partial.split(b"\n")
        return [json.loads(line) for line in lines]

    def tell(self, message: dict[str, Any]) -> None:
        """Send it one message. One that is gone needs none."""
        try:
            self.line.sendall(json.dumps(message).encode() + b"\n")
        except OSError:
            return

    def signal(self, number: int) -> None:
        """Send it a signal, if it still is."""
        if self.pid:
            os.kill(self.pid, number)

    def ended(self) -> int | None:
        """Its exit code (negative: the signal) if it has ended by now, and then its process is no more."""
        if not self.pid:
            return None
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if not pid:
            return None
        self.pid = 0
        return os.waitstatus_to_exitcode(status)


def fork(instance: str, work: Callable[[socket.socket], None], log: Path, dies_with: signal.Signals) -> Child:
    """Fork a process that does ``work`` with its end of the line, and then ends. Its output goes to ``log``."""
    parent = os.getpid()
    ours, theirs = socket.socketpair()
    # A signal for the child must not reach it while it still notes signals where its parent does.
    held = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM, signal.SIGINT])
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            ours.close()
            _settle(parent, log, dies_with)
            signal.pthread_sigmask(signal.SIG_SETMASK, held)
            work(theirs)
            code = 0
        except SystemExit as leaving:
            code = leaving.code if isinstance(leaving.code, int) else 1
        except BaseException:  # whatever it is, the supervisor's own code above this frame must not see it
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    signal.pthread_sigmask(signal.SIG_SETMASK, held)
    theirs.close()
    ours.setblocking(False)
    return Child(instance, pid, ours)


def _settle(parent: int, log: Path, dies_with: signal.Signals) -> None:
    """Let go of what belongs to the supervisor: its signals, its standard streams, and outliving it."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the supervisor ends its own
    for number in (signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, int(dies_with), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(nothing, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(nothing)
    os.close(output)
