"""The output of a command, from bytes as they come to lines that can be told: bounded, masked, each once."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable

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
        self._waiting: deque[bytes] = deque()
        self._dropped = 0
        self._lines = 0
        self._bytes = 0

    def feed(self, data: bytes) -> None:
        """More of it, cut anywhere."""
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
        rest, self._rest = self._rest.removesuffix(b"\r"), b""
        if rest:
            self._wait(rest)

    def take(self, *, last: bool = False) -> tuple[str, ...]:
        """What has come since, as far as it may be told now; ``last``: as much of it as is held.

        Before it, where there was more: how many lines are left out.
        """
        left_out = 0 if last or self._is_whole else max(0, len(self._waiting) - AT_ONCE)
        for _ in range(left_out):
            self._waiting.popleft()
        dropped, self._dropped = self._dropped + left_out, 0
        lines = [self._decoded(line) for line in self._waiting]
        self._waiting.clear()
        left = (f"({many(dropped, 'line')} left out)",) if dropped else ()
        return (*left, *self._masked(lines))

    @property
    def _is_whole(self) -> bool:
        return self._lines <= WHOLE and self._bytes <= WHOLE_BYTES

    def _only_the_last(self, text: bytes) -> bytes:
        """Of a flood nothing is looked at that will be dropped."""
        before, *last = text.rsplit(b"\n", LAST + 1)
        if len(last) <= LAST:
            return text
        dropped = before.count(b"\n") + 1
        self._lines += dropped
        self._bytes += len(before)
        self._dropped += dropped + len(self._waiting)
        self._waiting.clear()
        return b"\n".join(last)

    def _wait(self, line: bytes) -> None:
        self._lines += 1
        self._bytes += len(line)
        self._waiting.append(line[: _LONGEST_READ + 1])
        if not self._is_whole and len(self._waiting) > LAST:
            self._waiting.popleft()
            self._dropped += 1

    def _masked(self, lines: list[str]) -> tuple[str, ...]:
        # All at once: a secret may have several lines. What is cut is cut after masking.
        return tuple(map(_cut, self._mask("\n".join(lines)).split("\n"))) if lines else ()

    def _decoded(self, line: bytes) -> str:
        text = line.decode("utf-8", "backslashreplace")
        return text if len(line) <= _LONGEST_READ else self._mask(text)[:-_MARGIN] + "…"


def _cut(line: str) -> str:
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"
