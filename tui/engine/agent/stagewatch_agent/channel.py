"""Lines of JSON over file descriptors that no test can reach by accident.

A line to or from the session is ``<worker> <json>``; worker 0 is the zygote itself. Between
zygote and worker the number is left out: each has a socket of its own.
"""

from __future__ import annotations

import fcntl
import json
import os
import select
from collections import deque
from typing import Any

_OUT_OF_THE_WAY = 200
"""Descriptors from here up: tests that close a handful of low ones do not meet ours."""


def keep(fd: int) -> int:
    """A duplicate of ``fd`` that is out of the way and closes on exec."""
    return fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, _OUT_OF_THE_WAY)


def encode(message: Any) -> bytes:
    """One message as one line. Text in it must be free of lone surrogates (``mask.Mask`` sees to that)."""
    return json.dumps(message, separators=(",", ":")).encode("ascii") + b"\n"


def write(fd: int, data: bytes) -> None:
    """Write all of it, waiting as long as it takes."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


class Lines:
    """Whole lines out of the chunks that come from a descriptor."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self._rest = b""
        self._whole: deque[bytes] = deque()

    def read(self) -> list[bytes] | None:
        """The lines that have come already, or that one read completes; without their ends; None at the end."""
        if self._whole:
            lines = list(self._whole)
            self._whole.clear()
            return lines
        try:
            chunk = os.read(self.fd, 1 << 16)
        except (ConnectionError, BlockingIOError) as error:
            return [] if isinstance(error, BlockingIOError) else None
        if not chunk:
            return None
        lines = (self._rest + chunk).split(b"\n")
        self._rest = lines.pop()
        return lines

    def has_more(self) -> bool:
        """Whether ``next`` would not have to wait for something to come."""
        return bool(self._whole) or bool(select.select([self.fd], [], [], 0)[0])

    def next(self) -> bytes | None:
        """Wait for one line; None at the end of the stream."""
        while not self._whole:
            lines = self.read()
            if lines is None:
                return None
            self._whole.extend(lines)
        return self._whole.popleft()
