"""What lies on the shelves. Several buyers may take from it at once."""

from __future__ import annotations

import threading


class SoldOut(Exception):
    """There is not as much left as was asked for."""


class Stock:
    def __init__(self, **counts: int) -> None:
        self._counts = counts
        self._lock = threading.Lock()

    def left(self, name: str) -> int:
        with self._lock:
            return self._counts.get(name, 0)

    def take(self, name: str, count: int = 1) -> int:
        """Take from the shelf; the answer is how many are left. All or nothing."""
        with self._lock:
            left = self._counts.get(name, 0)
            if count > left:
                raise SoldOut(f"{count} of {name} asked for, {left} left")
            self._counts[name] = left - count
            return left - count

    def put(self, name: str, count: int) -> None:
        with self._lock:
            self._counts[name] = self._counts.get(name, 0) + count
