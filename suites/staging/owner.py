"""Whoever started an environment: it hears when the environment is ready, and the environment ends with it.

On the command line that is the process behind the standard input and output; an environment that was forked off
another has a line to that one's supervisor.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import socket
import sys
from collections.abc import Callable, Generator
from typing import Any, Protocol

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)


class Ended(Exception):
    """The environment is to end. ``code`` is its exit code, ``why`` a sentence when something went wrong."""

    def __init__(self, code: int, why: str = "") -> None:
        super().__init__(why)
        self.code, self.why = code, why


class Owner(Protocol):
    """What an environment needs of its owner."""

    def watch(self, selector: selectors.BaseSelector) -> None:
        """Have ``Ended`` raised from the selector's callbacks when the owner is no more."""

    def ready(self, line: dict[str, Any]) -> None:
        """The environment can be used; ``line`` says how."""

    def explain(self, why: str) -> None:
        """The environment ends for a reason of its own."""


class CommandLine:
    """Standard input, output and error; ``forever``: only a signal ends it."""

    def __init__(self, *, forever: bool) -> None:
        self._forever = forever

    def watch(self, selector: selectors.BaseSelector) -> None:
        if self._forever:
            return
        try:
            selector.register(0, selectors.EVENT_READ, lambda: _read_to_end(lambda: os.read(0, 4096)))
        except (OSError, ValueError):  # a file, the null device or nothing at all: its end is here already
            raise Ended(0, "The standard input has ended already, and so does this; --forever keeps it.") from None
        if hasattr(os, "pidfd_open"):  # for others than the parent may hold the standard input open
            with contextlib.suppress(OSError):
                selector.register(os.pidfd_open(os.getppid()), selectors.EVENT_READ, _gone)

    def ready(self, line: dict[str, Any]) -> None:
        print(json.dumps(line), flush=True)

    def explain(self, why: str) -> None:
        print(why, file=sys.stderr)


class Parent:
    """The supervisor of the environment that this one was forked off."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line

    def watch(self, selector: selectors.BaseSelector) -> None:
        selector.register(self._line, selectors.EVENT_READ, lambda: _read_to_end(lambda: self._line.recv(4096)))

    def ready(self, line: dict[str, Any]) -> None:
        self._line.sendall(json.dumps({"ready": line}).encode() + b"\n")

    def explain(self, why: str) -> None:
        with contextlib.suppress(OSError):
            self._line.sendall(json.dumps({"failed": why}).encode() + b"\n")


@contextlib.contextmanager
def signals(selector: selectors.BaseSelector, signalled: Callable[[bytes], None]) -> Generator[None, None, None]:
    """Have signals selected like everything else; ``signalled`` gets their numbers."""
    woken, waker = socket.socketpair()
    for end in (woken, waker):
        end.setblocking(False)
    former = {number: signal.signal(number, _noted) for number in _SIGNALS}
    wakeup = signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
    selector.register(woken, selectors.EVENT_READ, lambda: signalled(woken.recv(4096)))
    try:
        yield
    finally:
        signal.set_wakeup_fd(wakeup)
        for number, handler in former.items():
            signal.signal(number, handler)
        woken.close()
        waker.close()


def _noted(number: int, frame: object) -> None:
    """Signals are read from the wakeup socket; the handler is there so that they are written to it."""


def _read_to_end(read: Callable[[], bytes]) -> None:
    with contextlib.suppress(ConnectionError):
        if read():
            return
    raise Ended(0)


def _gone() -> None:
    raise Ended(0)
