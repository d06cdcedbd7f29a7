"""The plain stream inside the board: the lines that ``--headless`` prints, as they come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from tui.screens.base import BaseScreen
from tui.screens.slim import slim
from tui.widgets.document import Document, Row, text_rows
from tui.widgets.footer.footer import Key
from tui.widgets.grid import Grid
from tui.widgets.head.head import Head
from tui.widgets.view import View


class StreamScreen(BaseScreen):
    """Follows the end until somebody scrolls up."""

    NAME = "plain stream"
    KEYS_HELP = (("arrows, j k", "scroll; end follows what comes"), ("s, esc", "back to the board"))
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "stream", show=False)]

    def __init__(self, view: View, lines: Sequence[str]) -> None:
        super().__init__(view)
        self._lines = lines
        self._document = Document(view, "document", follows=True)
        self._taken = 0

    def compose(self) -> ComposeResult:
        yield Head(self.view, "head")
        yield self._document
        yield self.footer

    def on_mount(self) -> None:
        self.set_focus(self._document)

    def arranged(self, width: int, height: int) -> Grid:
        return slim(width, height, progress=False)

    def offered(self) -> tuple[Key, ...]:
        return (Key("s", "board"), Key("end", "follow", 1), Key("q", "leave", 2))

    def turn(self) -> None:
        if self._document.size and len(self._lines) != self._taken:
            self._taken = len(self._lines)
            width = self._document.size.width - 3
            rows: list[Row] = []
            for line in self._lines:
                rows += text_rows(line, width)
            self._document.hold(rows)
        super().turn()
