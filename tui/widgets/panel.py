"""A region of the screen that draws rows, keeps what it drew, and repaints only rows that differ.

The one way in which this program draws: no panel is ever told of a result. Each time the screen
turns, a panel says what its rows are now, and those unlike the last are repainted.
"""

from __future__ import annotations

from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tui.widgets.line import Line
from tui.widgets.view import View


class Panel(Widget):
    """Rows of fixed height one. Subclasses say what they are in ``rows``."""

    BORDER_TITLE = ""
    ALLOW_SELECT = False

    def __init__(self, view: View, id: str) -> None:
        super().__init__(id=id)
        self.view = view
        self._drawn: list[Strip] = []
        self._drawn_width = -1

    def rows(self, width: int, height: int) -> list[Strip]:
        """At most ``height`` rows of exactly ``width`` cells."""
        raise NotImplementedError

    def settle(self) -> None:
        """Bring up to date what is kept from one drawing to the next."""

    @property
    def active(self) -> bool:
        """Whether this is the panel that keys act on. A prompt that is open leaves it so."""
        return self.view.active == self.id

    def line(self, width: int | None = None) -> Line:
        return self.view.line(self.size.width if width is None else width)

    def turn(self) -> None:
        """Draw again and repaint what differs."""
        if not self.display or not self.size:
            self._drawn = []
            return
        before, self._drawn = self._drawn, self._draw()
        if len(before) != len(self._drawn):
            self.refresh()
            return
        changed = [y for y, (old, new) in enumerate(zip(before, self._drawn, strict=True)) if old != new]
        if changed:
            self.refresh(*(Region(0, y, self.size.width, 1) for y in changed))

    def render_lines(self, crop: Region) -> list[Strip]:
        """Textual's way to ask for what is on the screen. No style sheet has a say in it."""
        if len(self._drawn) != self.size.height or self._drawn_width != self.size.width:
            self.settle()  # this is between two turns, and the run has gone on
            self._drawn = self._draw()
        x, y, width, height = crop
        rows = self._drawn[y : y + height]
        if width != self.size.width:
            rows = [row.crop(x, x + width) for row in rows]
        return rows

    def _draw(self) -> list[Strip]:
        width, height = self.size
        self._drawn_width = width
        rows = self.rows(width, height)[:height]
        blank = Strip.blank(width, self.view.ink.base)
        return rows + [blank] * (height - len(rows))

    def title(self, name: str, rest: str, end: int, *, start: int = 2, right: str = "") -> Strip:
        """A section's title: capitals, a faint count, a hairline to the panel's edge."""
        line = self.line()
        line.put(start, name, "run" if self.active else "muted", bold=True, width=end - start, cut="end")
        if rest:
            line.put(line.at + 2, rest, "faint", width=end - line.at - 4 - len(right))
        if line.at + 2 < end - len(right) - 1:
            line.rule(line.at + 2, end - (len(right) + 1 if right else 0))
        if right:
            line.put(end - len(right), right, "muted")
        return line.strip()
