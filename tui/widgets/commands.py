"""What can be done, a row each: its key, and what it does in words."""

from __future__ import annotations

from collections.abc import Sequence

from textual.strip import Strip

from tui.reports.amounts import many
from tui.widgets.line import Line
from tui.widgets.listing import Listing
from tui.widgets.view import View

_KEYS = 14
"""Columns for the keys, where there is room."""


class Commands(Listing[int]):
    """``found``: by words that are all in it, keys too."""

    def __init__(self, view: View, id: str, commands: Sequence[tuple[str, str]]) -> None:
        super().__init__(view, id)
        self._commands = commands
        self._found: Sequence[int] = range(len(commands))

    @property
    def active(self) -> bool:
        return True

    @property
    def chosen(self) -> tuple[str, str] | None:
        return None if self.cursor is None else self._commands[self.cursor]

    def find(self, typed: str) -> None:
        """A key by itself comes first; else the order is the help's."""
        words = typed.lower().split()
        texts = [f"{keys} {does}".lower() for keys, does in self._commands]
        found = [number for number, text in enumerate(texts) if all(word in text for word in words)]
        self._found = sorted(found, key=lambda number: typed.strip() not in self._commands[number][0].split(", "))
        self.begin_again()

    def items(self) -> Sequence[int]:
        return self._found

    def room(self) -> int:
        return max(1, self.size.height - 1)

    def rows(self, width: int, height: int) -> list[Strip]:
        wide = self.view.grid.mode == "wide"
        edge, at = width - (2 if wide else 1), _KEYS if width >= 60 else 9
        count = many(len(self._found), "command")
        strips = [self.title("COMMANDS", count, edge, start=2 if wide else 1, right=self.span())]
        for number in self.order[self.top : self.top + self.room()]:
            keys, does = self._commands[number]
            selected = number == self.cursor
            line = Line(self.view.ink, self.view.glyphs, width, "sel" if selected else "bg", (1, edge))
            if selected:
                line.put(1, self.view.glyphs.select, "run", on="bg")
            line.put(3, keys, "strong", bold=True, width=at - 4)
            line.put(at, does, "text", width=edge - at - 1)
            strips.append(line.strip())
        return strips
