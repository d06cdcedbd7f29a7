"""Evidence as bytes, and a bounded place in memory for what could not be written."""

from __future__ import annotations

import threading
import zlib
from typing import TypeAlias

import msgspec

from tui.events import Evidence

Key: TypeAlias = tuple[int, int]
"""(the run's number of a test, attempt)"""

_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Evidence)


def pack(evidence: Evidence) -> bytes:
    # Level 3: tracebacks shrink to a fifth either way, at half the time of the default.
    return zlib.compress(_ENCODER.encode(evidence), 3)


def unpack(body: bytes) -> Evidence:
    return _DECODER.decode(zlib.decompress(body))


class Kept:
    """Packed evidence in memory, ``limit`` bytes of it: the newest wins. Any thread may ask."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._bodies: dict[Key, bytes] = {}
        self._size = 0
        self._lock = threading.Lock()

    def add(self, key: Key, evidence: Evidence) -> bool:
        """Keep one more; False when something had to be let go."""
        try:
            body = pack(evidence)
        except Exception:  # if it is evidence that can't be packed that made the journal fail: once is enough
            return False
        complete = True
        with self._lock:
            self._bodies[key] = body
            self._size += len(body)
            while self._size > self._limit and len(self._bodies) > 1:
                oldest = next(iter(self._bodies))
                self._size -= len(self._bodies.pop(oldest))
                complete = False
        return complete

    def get(self, key: Key) -> Evidence | None:
        with self._lock:
            body = self._bodies.get(key)
        return None if body is None else unpack(body)
