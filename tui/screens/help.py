"""All keys of a screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from tui.screens.keys import Keyed
from tui.screens.searching import SearchingScreen
from tui.screens.slim import slim
from tui.widgets.document import BLANK, Document, Piece, Row, heading, wrapped
from tui.widgets.footer.footer import Key
from tui.widgets.grid import Grid
from tui.widgets.head.head import Head
from tui.widgets.marks import DISAGREED, FLAKY, MARKS
from tui.widgets.search import TOKENS
from tui.widgets.view import View


class HelpScreen(SearchingScreen):
    """Keys in words, and what every glyph means."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,question_mark", "back", show=False),
        Binding("n", "hit(1)", show=False),
        Binding("N,p", "hit(-1)", show=False),
    ]

    def __init__(self, view: View, of: str, keys: tuple[Keyed, ...], actions: tuple[Keyed, ...]) -> None:
        super().__init__(view)
        self._of, self._keys, self._of_the_plan = of, keys, actions
        self._document = Document(view, "document")

    def compose(self) -> ComposeResult:
        yield Head(self.view, "head")
        yield self._document
        yield self.footer

    def on_mount(self) -> None:
        self._document.hold(self._rows())
        self.set_focus(self._document)

    def arranged(self, width: int, height: int) -> Grid:
        return slim(width, height, progress=False)

    def offered(self) -> tuple[Key, ...]:
        return (Key("esc", "back"), *self.offered_search(), Key("q", "leave", 2))

    @property
    def searched(self) -> Document:
        return self._document

    def action_back(self) -> None:
        if not self.end_search():
            self.dismiss()

    def on_resize(self) -> None:
        self.call_after_refresh(lambda: self._document.hold(self._rows()))

    def _keyed(self, listed: Sequence[Keyed]) -> list[Row]:
        """Sentences are broken, not cut; on a narrow screen they begin below their key."""
        width = self._document.size.width - 4
        narrow = width < 50
        at = 4 if narrow else 16
        rows = []
        for key, words in listed:
            first, *more = wrapped(words, width - at)
            head = (Piece(0, key, "strong", True),)
            rows += [Row(head), Row((Piece(at, first),))] if narrow else [Row((*head, Piece(at, first)))]
            rows += [Row((Piece(at, part),)) for part in more]
        return rows

    def _rows(self) -> list[Row]:
        rows = [heading("KEYS", self._of)]
        rows += self._keyed(self._keys)
        if self._of_the_plan:
            rows += [BLANK, heading("ACTIONS", "of the plan")]
            rows += self._keyed(self._of_the_plan)
        rows += [BLANK, heading("MARKS")]
        glyphs = self.view.glyphs
        for mark in (*MARKS.values(), FLAKY, DISAGREED):
            rows.append(Row((Piece(0, glyphs.of(mark), mark.role), Piece(2, mark.word), Piece(16, mark.long, "muted"))))
        rows += [BLANK, heading("SEARCH", "/ finds tests of all tiers by words that are all in their id")]
        rows.append(Row((Piece(0, "words that mean a state:", "muted"), Piece(26, " ".join(TOKENS)))))
        rows.append(Row((Piece(0, "a tier's name means it:", "muted"), Piece(26, "P1 failing token"))))
        rows.append(Row((Piece(0, "outright:", "muted"), Piece(26, "is:failed  tier:P1  suite:auth"))))
        return rows
