"""The plain stream: a feed told in lines, to a pipe, a file, a dumb terminal or a screen reader.

What is said is ``reports.lines``; here is only how it is written: at once a batch, coloured where
a person looks on, in the characters that the stream can hold, and quietly ended with its reader.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import TextIO

from tui.client.feed import Feed
from tui.events import Event
from tui.gate import Verdict
from tui.reports.lines import Lines
from tui.reports.summary import group_lines, summary, tier_lines
from tui.state import RunState

PROGRESS = 30.0
"""Seconds between lines that say how far a run is and what it runs."""

_RED, _GREEN, _YELLOW, _BLUE = "1;31", "32", "33", "34"
_COLOURS = {
    **dict.fromkeys(("failed", "error", "timeout", "crashed", "NO-GO,", "attention"), _RED),
    **dict.fromkeys(("passed", "GO,"), _GREEN),
    **dict.fromkeys(("skipped", "cancelled", "blocked", "not-run", "INCONCLUSIVE,", "worker"), _YELLOW),
    **dict.fromkeys(("running", "so"), _BLUE),
    **dict.fromkeys(("✗", "X"), _RED),
    **dict.fromkeys(("✓", "v"), _GREEN),
    "!": _YELLOW,
}
"""By a line's first word. Colour repeats what the word says."""


class Printer:
    """Writes lines to a stream. ``broken`` says why nothing more can be written: its reader has gone."""

    def __init__(self, stream: TextIO, environ: Mapping[str, str] = os.environ) -> None:
        self._stream = stream
        self._coloured = stream.isatty() and not environ.get("NO_COLOR") and environ.get("TERM", "dumb") != "dumb"
        self._encoding = stream.encoding or "utf-8"
        self.broken: OSError | None = None

    def write(self, lines: Sequence[str]) -> None:
        """Write lines at once, and flush."""
        if not lines or self.broken:
            return
        text = "\n".join(map(_coloured, lines) if self._coloured else lines) + "\n"
        try:
            self._stream.write(text.encode(self._encoding, "backslashreplace").decode(self._encoding))
            self._stream.flush()
        except OSError as error:
            self.broken = error
            _abandon(self._stream)

    def finish(self, state: RunState, verdict: Verdict, how_to_return: str) -> None:
        """The end of the stream: the tiers, what failed alike, and the summary."""
        self.write(["", *tier_lines(state), *group_lines(state), "", *summary(state, verdict, how_to_return)])


async def follow(
    feed: Feed,
    printer: Printer,
    *,
    leave_when_idle: bool = False,
    every: float = PROGRESS,
    now: Callable[[], float] = time.time,
) -> None:
    """Print what a feed takes in, until it ends or nobody reads.

    What finished before is printed first. ``leave_when_idle``: stop also when nothing runs any
    more though the session stays. ``every``: seconds between lines of progress while it runs.
    """
    lines = Lines()
    printer.write(lines.catch_up(feed.state))
    updates = feed.updates()
    coming: asyncio.Task[Sequence[Event] | None] | None = None
    due = time.monotonic() + every
    try:
        while not printer.broken and not (leave_when_idle and is_idle(feed.state)):
            coming = coming or asyncio.create_task(_next(updates))
            await asyncio.wait({coming}, timeout=max(0.0, due - time.monotonic()))
            if coming.done():
                batch, coming = coming.result(), None
                if batch is None:
                    return
                printer.write(lines.of(feed.state, batch))
            if time.monotonic() >= due:
                due = time.monotonic() + every
                if feed.state.began and feed.state.is_running:
                    printer.write(lines.progress(feed.state, now()))
    finally:
        if coming is not None:
            coming.cancel()
            await asyncio.wait({coming})


def is_idle(state: RunState) -> bool:
    """Whether nothing runs any more, in this iteration or the one that takes up where it was cut off."""
    return not (state.is_running or state.goes_on)


async def _next(updates: AsyncIterator[Sequence[Event]]) -> Sequence[Event] | None:
    try:
        return await anext(updates)
    except StopAsyncIteration:
        return None


def _coloured(line: str) -> str:
    word, space, rest = line.partition(" ")
    colour = _COLOURS.get(word)
    return f"\x1b[{colour}m{word}\x1b[0m{space}{rest}" if colour else line


def _abandon(stream: TextIO) -> None:
    """Let what is still in the stream's buffer go nowhere, or Python would complain of it at exit."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
