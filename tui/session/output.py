"""The output of a command, from bytes as they come to lines that can be told: bounded, masked, each once."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Collection

from tui.reports.amounts import many

LONGEST = 500
"""Characters of a line that are kept."""
_LONGEST_READ = 16 * 1024
"""Bytes of a line that are looked at."""
_MARGIN = 4096
"""Characters at the end of what was looked at that may be a part of a secret, which as a part is not known."""
WHOLE = 10_000
"""Lines that are told however quickly they come."""
WHOLE_BYTES = 1 << 20
AT_ONCE = 20
"""Lines that are told at once after those: the newest."""
LAST = 200
"""Lines that are told in any case: the end."""
_ENDS = re.compile(rb"\r\n|\n|\r")
"""Of lines. A lone carriage return begins a line anew (a progress bar)."""


class Output:
    """Feed it bytes, take lines. It holds a bounded amount, whatever it is fed."""

    def __init__(self, mask: Callable[[str], str]) -> None:
        self._mask = mask
        self._rest = b""
        self._whole: list[bytes] = []
        self._late: deque[bytes] = deque()
        self._dropped = 0
        """Lines left out before those of ``_late``."""
        self._lines = 0
        self._bytes = 0

    def feed(self, data: bytes) -> None:
        """More of it, cut anywhere."""
        self._bytes += len(data)
        text = self._rest + data
        held = b""
        if text.endswith(b"\r"):  # perhaps the first half of a line's end
            text, held = text[:-1], b"\r"
        if not self._is_whole:
            text = self._only_the_last(text)
        *lines, rest = _ENDS.split(text)
        for line in lines:
            self._wait(line)
        # Of a line without an end no more than is looked at: the rest of it can't be seen, nor grow.
        self._rest = rest[: _LONGEST_READ + 1] + held

    def end(self) -> None:
        """There is no more; what is left is a line too."""
        rest, self._rest = self._rest, b""
        if rest:
            self._wait(rest.removesuffix(b"\r"))

    def take(self, *, last: bool = False) -> tuple[str, ...]:
        """What has come since, as far as it may be told now; ``last``: as much of it as is held.

        Where lines are left out, one says how many.
        """
        while not last and len(self._late) > AT_ONCE:
            self._drop()
        left_out = (f"({many(self._dropped, 'line')} left out)",) if self._dropped else ()
        told = (*self._masked(self._whole), *left_out, *self._masked(self._late))
        self._whole, self._dropped = [], 0
        self._late.clear()
        return told

    @property
    def _is_whole(self) -> bool:
        return self._lines < WHOLE and self._bytes <= WHOLE_BYTES

    def _only_the_last(self, text: bytes) -> bytes:
        """Of a flood nothing is looked at that will be dropped."""
        before, *last = text.rsplit(b"\n", LAST + 1)
        if len(last) <= LAST:
            return text
        self._dropped += before.count(b"\n") + 1 + len(self._late)
        self._late.clear()
        return b"\n".join(last)

    def _wait(self, line: bytes) -> None:
        line = line[: _LONGEST_READ + 1]
        if self._is_whole:
            self._lines += 1
            self._whole.append(line)
            return
        self._late.append(line)
        if len(self._late) > LAST:
            self._drop()

    def _drop(self) -> None:
        self._late.popleft()
        self._dropped += 1

    def _masked(self, lines: Collection[bytes]) -> tuple[str, ...]:
        # All at once: a secret may have several lines. What is cut is cut after masking.
        text = self._mask("\n".join(map(self._decoded, lines)))
        return tuple(map(_cut, text.split("\n"))) if lines else ()

    def _decoded(self, line: bytes) -> str:
        text = line.decode("utf-8", "backslashreplace")
        return text if len(line) <= _LONGEST_READ else self._mask(text)[:-_MARGIN] + "…"


def _cut(line: str) -> str:
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"
