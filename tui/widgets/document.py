"""A text to be read: rows of styled pieces, scrolled by keys. Only the rows in sight are drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.strip import Strip

from tui import shown
from tui.widgets.ink import Ground, Role
from tui.widgets.line import Line, measure
from tui.widgets.panel import Panel
from tui.widgets.view import View


@dataclass(frozen=True)
class Piece:
    """A text at a column."""

    x: int
    text: str
    role: Role = "text"
    bold: bool = False


@dataclass(frozen=True)
class Row:
    """One row of a document; ``rule`` draws a hairline behind its pieces."""

    pieces: tuple[Piece, ...] = ()
    on: Ground = "bg"
    rule: bool = False


BLANK = Row()


def heading(title: str, rest: str = "") -> Row:
    pieces = [Piece(0, title, "muted", True)]
    if rest:
        pieces.append(Piece(len(title) + 2, rest, "faint"))
    return Row(tuple(pieces), rule=True)


def text_rows(text: str, width: int, role: Role = "text", *, bold: bool = False, x: int = 0) -> list[Row]:
    """A text of any origin, spelled out and broken where it is too long."""
    rows = []
    for line in shown.block(text):
        rows += [Row((Piece(x, part, role, bold),)) for part in wrapped(line, width - x)]
    return rows


def wrapped(line: str, width: int) -> list[str]:
    """A line in parts of at most ``width`` cells, at blanks where there are any near the end."""
    width = max(8, width)
    parts = []
    while measure(line) > width:
        end = width
        while measure(line[:end]) > width:
            end -= 1
        blank = line.rfind(" ", end // 2, end)
        end = blank + 1 if blank > 0 else end
        parts.append(line[:end])
        line = line[end:]
    return [*parts, line]


def _parted(text: str, needle: str) -> list[tuple[str, bool]]:
    """A text in parts that are the needle and parts that are not."""
    folded = text.casefold()
    if not needle or needle not in folded or len(folded) != len(text):  # of another length: places would not agree
        return [(text, False)]
    parts, at = [], 0
    while (found := folded.find(needle, at)) >= 0:
        parts += [(text[at:found], False), (text[found : found + len(needle)], True)]
        at = found + len(needle)
    return [part for part in (*parts, (text[at:], False)) if part[0]]


class Document(Panel, can_focus=True):
    """Holds rows and a place in them. New rows never move the place, unless it ``follows`` the end."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "scroll_by(1)", show=False),
        Binding("up,k", "scroll_by(-1)", show=False),
        Binding("pagedown,ctrl+d,space", "page(1)", show=False),
        Binding("pageup,ctrl+u", "page(-1)", show=False),
        Binding("home,g", "go_to(0)", show=False),
        Binding("end,G", "go_to(-1)", show=False),
    ]

    def __init__(self, view: View, id: str, *, follows: bool = False) -> None:
        super().__init__(view, id)
        self.content: list[Row] = []
        self.top = 0
        self.follows = follows
        self._at_end = follows
        self.needle = ""
        """What is looked for in it, whatever its case."""
        self.hits: list[int] = []
        """The rows in which it is, by number."""
        self.hit = 0
        """Which of these was gone to last."""

    def hold(self, rows: list[Row], *, keep_place: bool = True) -> None:
        """Show other rows."""
        self.content = rows
        self.hits = self._found()
        self.hit = min(self.hit, max(0, len(self.hits) - 1))
        self.top = min(self.top, self._last_top) if keep_place else 0
        self._follow()
        self.turn()

    def _follow(self) -> None:
        if self._at_end:
            self.top = self._last_top

    @property
    def is_at_end(self) -> bool:
        """Whether it follows what comes."""
        return self._at_end

    def show_first(self, row: int) -> None:
        """Bring a row to the top, or as near as there are rows below it."""
        self._go(row)
        self.turn()

    def show_last(self, row: int) -> None:
        """Bring a row to the bottom."""
        self._go(row + 1 - self.size.height)
        self.turn()

    def find(self, needle: str) -> None:
        """Mark where a text is, and go to the first place from here on; nothing: unmark all."""
        self.needle = needle.strip().casefold()
        self.hits = self._found()
        self.hit = next((at for at, row in enumerate(self.hits) if row >= self.top), 0)
        if self.hits:
            self._show_hit()
        self.turn()

    def go_to_hit(self, by: int) -> None:
        """The next one, the one before; behind the last is the first."""
        if self.hits:
            self.hit = (self.hit + by) % len(self.hits)
            self._show_hit()
            self.turn()

    def _found(self) -> list[int]:
        needle = self.needle
        if not needle:
            return []
        return [
            number for number, row in enumerate(self.content)
            if any(needle in piece.text.casefold() for piece in row.pieces)
        ]  # fmt: skip

    def _show_hit(self) -> None:
        row, height = self.hits[self.hit], self.size.height
        if not self.top <= row < self.top + height:
            self._go(row - height // 3)

    def _go(self, top: int) -> None:
        self.top = max(0, min(top, self._last_top))
        self._at_end = self.follows and self.top == self._last_top

    @property
    def _last_top(self) -> int:
        return max(0, len(self.content) - max(1, self.size.height))

    @property
    def place(self) -> str:
        """``12-40 of 97`` when not all is in sight."""
        height = self.size.height
        if len(self.content) <= height:
            return ""
        return f"{self.top + 1}-{min(self.top + height, len(self.content))} of {len(self.content)}"

    def rows(self, width: int, height: int) -> list[Strip]:
        current = self.hits[self.hit] if self.hits else -1
        seen = enumerate(self.content[self.top : self.top + height], self.top)
        return [self._strip(row, width, number == current) for number, row in seen]

    def _strip(self, row: Row, width: int, current: bool) -> Strip:
        left = 2 if self.view.grid.mode == "wide" else 1
        end = width - 1
        line = Line(self.view.ink, self.view.glyphs, width, row.on, (left, end))
        if current:
            line.put(left - 1, self.view.glyphs.select, "run", on="bg")
        for piece in row.pieces:
            room = end - left - piece.x
            x = left + piece.x
            for text, is_hit in _parted(piece.text, self.needle):
                role: Role = "note" if is_hit else piece.role
                x = line.put(x, text, role, bold=is_hit or piece.bold, width=left + piece.x + room - max(x, line.at))
        if row.rule:
            line.rule(line.at + 2, end)
        return line.strip()

    def action_scroll_by(self, by: int) -> None:
        self._go(self.top + by)
        self.turn()

    def action_page(self, by: int) -> None:
        self.action_scroll_by(by * max(1, self.size.height - 2))

    def action_go_to(self, place: int) -> None:
        self._go(self._last_top if place < 0 else 0)
        self.turn()

    def on_mouse_scroll_down(self) -> None:
        self.action_scroll_by(3)

    def on_mouse_scroll_up(self) -> None:
        self.action_scroll_by(-3)

    def on_resize(self) -> None:
        self.top = min(self.top, self._last_top)
        self._follow()
        self.turn()
