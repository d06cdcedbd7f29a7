"""The plain stream inside the board: the lines that ``--headless`` prints, as they come."""

from __future__ import annotations

from bisect import bisect_right
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from tui.reports.amounts import many
from tui.screens.said import Said
from tui.screens.searching import SearchingScreen
from tui.screens.slim import slim
from tui.widgets.document import Document, Piece, Row, text_rows
from tui.widgets.footer.footer import Key
from tui.widgets.grid import Grid
from tui.widgets.head.head import Head
from tui.widgets.view import View


class StreamScreen(SearchingScreen):
    """Begins where this user last saw it, and follows the end from there on unless somebody scrolls up."""

    NAME = "plain stream"
    KEYS_HELP = (
        ("arrows, j k", "scroll; end follows what comes"),
        ("/", "find a text as you type; esc clears"),
        ("n", "the next hit"),
        ("N, p", "the hit before"),
        ("s, esc", "back to the board"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", show=False),
        Binding("n", "hit(1)", show=False),
        Binding("N,p", "hit(-1)", show=False),
    ]

    def __init__(self, view: View, said: Said) -> None:
        super().__init__(view)
        self._said = said
        self._document = Document(view, "document", follows=True)
        self._rows: list[Row] = []
        self._ends: list[int] = []
        """By line from ``_first`` on, the number of rows up to its end."""
        self._first = self._taken = 0
        self._width = 0
        self._unseen: int | None = said.seen

    def compose(self) -> ComposeResult:
        yield Head(self.view, "head")
        yield self._document
        yield self.footer

    def on_mount(self) -> None:
        self.set_focus(self._document)

    def arranged(self, width: int, height: int) -> Grid:
        return slim(width, height, progress=False)

    def offered(self) -> tuple[Key, ...]:
        return (Key("s", "board"), Key("end", "follow", 1), *self.offered_search(), Key("q", "leave", 2))

    @property
    def searched(self) -> Document:
        return self._document

    def action_back(self) -> None:
        if not self.end_search():
            self.action_stream()

    def action_stream(self) -> None:
        self._said.seen = max(self._said.seen, self._line_below())
        self.board.stream()

    def turn(self) -> None:
        width = self._document.size.width - 3
        if self._document.size and (width != self._width or self._taken != self._said.total):
            above = None if width == self._width or not self._width else self._line_below() - 1
            if width != self._width:
                self._begin(width)
            self._take()
            self._document.hold(self._rows)
            self._go_to_the_unseen()
            if above is not None and not self._document.is_at_end:
                self._document.show_last(self._ends[max(0, above - self._first)] - 1)
        super().turn()

    def _begin(self, width: int) -> None:
        self._width = width
        self._first = self._taken = self._said.first
        self._rows, self._ends = [], []
        if self._first:
            text = f"{many(self._first, 'line')} before these: `stagewatch show --headless` prints all of them"
            self._rows.append(Row((Piece(0, text, "muted"),)))

    def _take(self) -> None:
        for line in self._said.since(self._taken):
            self._rows += text_rows(line, self._width)
            self._ends.append(len(self._rows))
        self._taken = self._said.total

    def _go_to_the_unseen(self) -> None:
        """Once: the first line that is not seen yet on top, unless all of them fit."""
        unseen, self._unseen = self._unseen, None
        if unseen and unseen > self._first:
            self._document.show_first(self._ends[min(unseen, self._taken) - self._first - 1])

    def _line_below(self) -> int:
        """The number of the first line whose end lies below what is in sight."""
        bottom = self._document.top + self._document.size.height
        return self._first + bisect_right(self._ends, bottom)
