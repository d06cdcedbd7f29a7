"""Tabs as words with a hint each, so that one need not open them. An empty tab isn't there."""

from __future__ import annotations

from dataclasses import dataclass

from textual.strip import Strip

from tui.widgets.panel import Panel
from tui.widgets.view import View


@dataclass(frozen=True)
class Tab:
    name: str
    hint: str = ""


class Tabs(Panel):
    """Two rows: the words, and a line that is thick under the one that is open."""

    def __init__(self, view: View, id: str) -> None:
        super().__init__(view, id)
        self.tabs: list[Tab] = []
        self.open = ""
        self.place = ""

    def rows(self, width: int, height: int) -> list[Strip]:
        wide = self.view.grid.mode == "wide"
        left = 2 if wide else 1
        words, under = self.line(), self.line()
        x = left
        for number, tab in enumerate(self.tabs, 1):
            active = tab.name == self.open
            start = x
            words.put(x, str(number), "run" if active else "faint", bold=active)
            words.put(words.at + 1, tab.name, "strong" if active else "muted", bold=active)
            if tab.hint:
                words.put(words.at + 1, tab.hint, "faint")
            if active:
                under.rule(left, start)
                under.put(start, self.view.glyphs.underline * (words.at - start), "run")
            x = words.at + 4
        words.put(width - left - len(self.place), self.place, "muted")
        under.rule(max(left, under.at), width - left)
        return [words.strip(), under.strip()][:height]
