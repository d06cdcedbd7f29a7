"""What happened since this person last looked, before the board is."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from tui.reports.amounts import clock
from tui.reports.away import Happening, Kind
from tui.screens.base import BaseScreen
from tui.screens.slim import slim
from tui.widgets.document import BLANK, Document, Piece, Row, heading, wrapped
from tui.widgets.footer.footer import Key
from tui.widgets.grid import Grid
from tui.widgets.head.head import Head
from tui.widgets.ink import Role
from tui.widgets.marks import MARKS
from tui.widgets.view import View

_TITLES: dict[Kind, str] = {
    "verdict": "VERDICT", "iteration": "ITERATION", "revision": "REVISION", "failing": "FAILURES",
    "cleared": "FAILURES", "done": "DONE",
}  # fmt: skip


class AwayScreen(BaseScreen):
    """Most keys close it, and it is not shown where nothing has happened."""

    NAME = "while you were away"
    KEYS_HELP = (("arrows, j k", "scroll"), ("enter, space, esc", "to the board"))
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,enter,space,backspace,A", "back", show=False)]

    def __init__(self, view: View, found: list[Happening], since: float) -> None:
        """``since``: when the last look was, in seconds since the epoch."""
        super().__init__(view)
        self._found, self._since = found, since
        self._at = view.clock()
        self._document = Document(view, "document")

    def compose(self) -> ComposeResult:
        yield Head(self.view, "head")
        yield self._document
        yield self.footer

    def on_mount(self) -> None:
        self.set_focus(self._document)
        self._document.hold(self._rows())

    def on_resize(self) -> None:
        self.call_after_refresh(lambda: self._document.hold(self._rows()))

    def arranged(self, width: int, height: int) -> Grid:
        return slim(width, height, progress=False)

    def offered(self) -> tuple[Key, ...]:
        return (Key("enter", "to the board"), Key("?", "help", 2), Key("q", "quit", 1))

    def action_back(self) -> None:
        self.dismiss()

    def _rows(self) -> list[Row]:
        width, glyphs = self._document.size.width - 4, self.view.glyphs
        rows = [heading("WHILE YOU WERE AWAY", f"{clock(max(0.0, self._at - self._since))} since you last looked")]
        title = ""
        for one in self._found:
            if _TITLES[one.kind] != title:
                title = _TITLES[one.kind]
                rows += [BLANK, Row((Piece(0, title, "muted", True),))]
            mark = glyphs.dot if one.good is None else glyphs.of(MARKS["passed" if one.good else "failed"])
            role: Role = "text" if one.good is None else "good" if one.good else "bad"
            first, *more = wrapped(one.text, width - 2)
            rows.append(Row((Piece(0, mark, "muted" if one.good is None else role), Piece(2, first, role))))
            rows += [Row((Piece(2, part, role),)) for part in more]
        return rows
