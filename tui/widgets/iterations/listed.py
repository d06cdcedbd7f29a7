"""The iterations of a project, newest first: revision, verdict, how many failed, when and how long."""

from __future__ import annotations

import time
from collections.abc import Sequence

from textual.strip import Strip

from tui.events import FAILING
from tui.queries import IterationSummary
from tui.reports.amounts import clock
from tui.widgets.head.flag import GLYPHS, ROLES, WORDS
from tui.widgets.line import Line
from tui.widgets.listing import Listing
from tui.widgets.view import View

_MOST_MARKS = 24


class Iterations(Listing[int]):
    """``marked``: the one that others are compared with; without it, each with the one before it."""

    def __init__(self, view: View, id: str) -> None:
        super().__init__(view, id)
        self.known: dict[int, IterationSummary] = {}
        self.marked: int | None = None
        self._order: Sequence[int] = ()

    def hold(self, summaries: Sequence[IterationSummary]) -> None:
        """Oldest first, as the history is read."""
        self.known = {one.number: one for one in summaries}
        self._order = [one.number for one in reversed(summaries)]

    def items(self) -> Sequence[int]:
        return self._order

    def room(self) -> int:
        return max(1, self.size.height - 1)

    def pair(self) -> tuple[int, int] | None:
        """The older and the newer of the two to compare; None where there is only one."""
        if self.cursor is None:
            return None
        other = self.marked if self.marked not in (None, self.cursor) else self._before(self.cursor)
        return None if other is None else (min(other, self.cursor), max(other, self.cursor))

    def _before(self, number: int) -> int | None:
        return max((other for other in self._order if other < number), default=None)

    def rows(self, width: int, height: int) -> list[Strip]:
        edge = width - (2 if self.view.grid.mode == "wide" else 1)
        rest = f"newest first, compared with {self.marked}" if self.marked is not None else "newest first"
        strips = [self.title("ITERATIONS", rest, edge, right=self.span())]
        for number in self.order[self.top : self.top + self.room()]:
            strips.append(self._row(self.known[number], edge))
        return strips

    def _row(self, one: IterationSummary, edge: int) -> Strip:
        selected = one.number == self.cursor
        line = Line(self.view.ink, self.view.glyphs, self.size.width, "sel" if selected else "bg", (1, edge))
        if selected:
            line.put(1, self.view.glyphs.select, "run", on="bg")
        line.put(2, str(one.number), "strong", bold=True, width=4, right=True)
        if one.number == self.marked:
            line.put(7, "*", "run", bold=True)
        if edge < 70:
            return self._narrow(line, one, edge)
        line.put(9, one.revision or "-", "muted", width=10)
        answer = one.verdict.answer
        glyph = GLYPHS[answer][self.view.glyphs.ascii]
        line.put(21, f"{glyph} {WORDS[answer]}", ROLES[answer], bold=answer == "no-go")
        failed = sum(count for outcome, count in one.counts.items() if outcome in FAILING)
        line.put(37, f"{failed} fail", "bad" if failed else "faint", bold=bool(failed), width=9, right=True)
        roomy = edge >= 110
        if roomy:
            marks = self.view.glyphs.running * min(failed, _MOST_MARKS)
            line.put(48, marks, "bad" if one.number == max(self.known) else "muted")
        x = 74 if roomy else 48
        passed = one.counts.get("passed", 0)
        line.put(x, f"{passed} of {sum(one.counts.values())} passed", "muted", width=20)
        began = time.strftime("%d %b %H:%M", time.localtime(one.began))
        if edge >= x + 22 + 7 + 14:
            line.put(x + 22, clock(one.duration), "text", width=7, right=True)
            line.put(x + 31, began, "muted")
            line.put(x + 45, "" if one.state == "finished" else one.state, "run" if one.state == "running" else "warn")
        return line.strip()

    def _narrow(self, line: Line, one: IterationSummary, edge: int) -> Strip:
        """Number, revision, verdict, failures: in that order the last to go."""
        answer = one.verdict.answer
        failed = sum(count for outcome, count in one.counts.items() if outcome in FAILING)
        words = f"{GLYPHS[answer][self.view.glyphs.ascii]} {WORDS[answer]}"
        line.put(8, one.revision or "-", "muted", width=8)
        line.put(17, words, ROLES[answer], bold=answer == "no-go", width=max(4, edge - 17 - 9))
        line.put(edge - 8, f"{failed} fail", "bad" if failed else "faint", bold=bool(failed), width=8, right=True)
        return line.strip()
