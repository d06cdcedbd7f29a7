"""What the plain stream has said, and how much of it this user has seen."""

from __future__ import annotations

from collections.abc import Iterable

MOST = 5000
"""Lines that are kept at least."""


class Said:
    """Its newest lines, by number from 0 for the first that was said."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self.first = 0
        """The number of the first line that is still kept."""
        self.seen = 0
        """The number of the first line that the user has not seen."""

    @property
    def total(self) -> int:
        return self.first + len(self._lines)

    def add(self, lines: Iterable[str]) -> None:
        self._lines += lines
        if len(self._lines) > 2 * MOST:
            self.first += len(self._lines) - MOST
            del self._lines[:-MOST]

    def since(self, number: int) -> list[str]:
        """The lines from a number on, as far as they are kept."""
        return self._lines[max(0, number - self.first) :]
