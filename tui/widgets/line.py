"""A row of the screen, put together from texts at columns.

This is the drawing edge: every text goes through ``fit`` on its way to the screen, and nothing of
it is markup. What can't be seen is spelled out, width is measured in cells, and what does not fit
loses its middle (names) or its end (sentences).
"""

from __future__ import annotations

from typing import Literal

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui import shown
from tui.widgets.ink import Ground, Ink, Role
from tui.widgets.marks import Glyphs

Cut = Literal["end", "middle"]


def fit(text: str, width: int, glyphs: Glyphs, cut: Cut = "end") -> str:
    """A text of any origin as at most ``width`` cells of one line."""
    if width <= 0:
        return ""
    bound = 4 * width + 16
    if len(text) > 2 * bound:
        text = text[:bound] + glyphs.ellipsis + text[-bound:]
    text = shown.line(text)
    if glyphs.ascii_text and not text.isascii():
        text = "".join(c if c.isascii() or c in glyphs.ellipsis else shown.spelled(c) for c in text)
    if measure(text) <= width:
        return text
    mark = glyphs.ellipsis
    room = width - len(mark)
    if cut == "middle" and width >= 5:
        head = room * 2 // 5
        return _head(text, head) + mark + _tail(text, room - head)
    return _head(text, room) + mark


def measure(text: str) -> int:
    return len(text) if text.isascii() else cell_len(text)


def _head(text: str, width: int) -> str:
    if text.isascii():
        return text[:width]
    taken = text[:width]
    while taken and measure(taken) > width:
        taken = taken[:-1]
    return taken


def _tail(text: str, width: int) -> str:
    if width <= 0:
        return ""
    taken = text[-width:]
    while taken and measure(taken) > width:
        taken = taken[1:]
    return taken


class Line:
    """One row being written. Columns count from the panel's left edge; later texts never cover earlier ones."""

    __slots__ = ("_at", "_ground", "_segments", "_span", "glyphs", "ink", "width")

    def __init__(
        self, ink: Ink, glyphs: Glyphs, width: int, on: Ground = "bg", span: tuple[int, int] | None = None
    ) -> None:
        self.ink = ink
        self.glyphs = glyphs
        self.width = width
        self._ground: Ground = on
        self._span = (0, width) if span is None else span
        self._segments: list[tuple[str, Style]] = []
        self._at = 0

    @property
    def at(self) -> int:
        """The first free column."""
        return self._at

    def put(
        self, x: int, text: str, role: Role = "text", *,
        bold: bool = False, width: int | None = None, cut: Cut = "end", right: bool = False, on: Ground | None = None,
    ) -> int:  # fmt: skip
        """Write at a column or behind what is there; ``right`` aligns within ``width``. Gives the next column."""
        x = max(x, self._at)
        room = self.width - x if width is None else min(width, self.width - x)
        text = fit(text, room, self.glyphs, cut)
        if not text:
            return x
        cells = measure(text)
        if right and width is not None:
            x += max(0, width - cells)
        self._blank(x)
        ground = on or (self._ground if self._span[0] <= x < self._span[1] else "bg")
        self._add(text, self.ink.style(role, bold=bold, on=ground))
        self._at = x + cells
        return self._at

    def say(self, text: str, role: Role = "text", *, bold: bool = False, gap: int = 2) -> int:
        """Write ``gap`` columns behind what is there."""
        return self.put(self._at + gap, text, role, bold=bold)

    def rule(self, x: int, end: int) -> None:
        """A hairline up to a column."""
        x = max(x, self._at)
        if end > x:
            self.put(x, self.glyphs.hair * (end - x), "hair")

    def strip(self) -> Strip:
        self._blank(self.width)
        return Strip([Segment(text, style) for text, style in self._segments], self.width)

    def _blank(self, to: int) -> None:
        start, end = self._span
        spans: tuple[tuple[int, int, Ground], ...] = (
            (0, start, "bg"), (start, end, self._ground), (end, self.width, "bg"),
        )  # fmt: skip
        for left, right, ground in spans:
            first, last = max(left, self._at), min(right, to)
            if last > first:
                self._add(" " * (last - first), self.ink.style("text", on=ground))
                self._at = last

    def _add(self, text: str, style: Style) -> None:
        if self._segments and self._segments[-1][1] == style:
            self._segments[-1] = (self._segments[-1][0] + text, style)
        else:
            self._segments.append((text, style))
