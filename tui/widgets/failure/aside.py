"""Beside a failure, where there is room: the tests that fail alike, and the attempts in brief."""

from __future__ import annotations

from textual.strip import Strip

from tui.events import FAILING
from tui.reports.amounts import many
from tui.widgets.amounts import took
from tui.widgets.marks import DISAGREED, MARKS
from tui.widgets.panel import Panel
from tui.widgets.view import View


class Aside(Panel):
    """The right column of the failure screen."""

    def __init__(self, view: View, id: str) -> None:
        super().__init__(view, id)
        self.test: int | None = None

    def rows(self, width: int, height: int) -> list[Strip]:
        test = self.view.state.tests.get(self.test) if self.test is not None else None
        if test is None:
            return []
        edge = width - 2
        strips = []
        group = next((g for g in self.view.groups if any(t.id == test.id for t in g.tests)), None)
        glyphs = self.view.glyphs
        if group is not None and len(group.tests) > 1:
            strips.append(self.title("SAME GROUP", many(len(group.tests), "test"), edge))
            room = max(3, height // 2 - 4)
            for other in group.tests[:room]:
                line = self.line()
                line.put(2, glyphs.of(MARKS[other.status]), MARKS[other.status].role)
                line.put(4, other.name, "strong" if other.id == test.id else "text", bold=other.id == test.id,
                         width=edge - 4 - len(other.tier) - 2, cut="middle")  # fmt: skip
                line.put(edge - len(other.tier), other.tier, "muted")
                strips.append(line.strip())
            if len(group.tests) > room:
                line = self.line()
                line.put(4, f"+{len(group.tests) - room} more", "faint")
                strips.append(line.strip())
            strips += [self.line().strip()] * 2
        strips.append(self.title("ATTEMPTS", f"{len(test.attempts)} in this iteration", edge))
        for number, attempt in enumerate(test.attempts[-8:], max(1, len(test.attempts) - 7)):
            mark, bad = MARKS[attempt.outcome], attempt.outcome in FAILING
            line = self.line()
            line.put(2, str(number), "muted", width=3)
            line.put(6, f"{glyphs.of(mark)} {mark.word}", mark.role, bold=bad)
            line.put(15, took(attempt.duration), "muted", width=6, right=True)
            line.put(23, "cold" if attempt.cold_reason else "warm", "warn" if attempt.cold_reason else "faint")
            if attempt.unconfirmed:
                line.put(29, "not confirmed" if test.is_to_be_confirmed else "does not count", "faint")
            elif attempt.contradicted is not None:
                line.put(29, f"{glyphs.of(DISAGREED)} {DISAGREED.word}", DISAGREED.role)
            strips.append(line.strip())
        if test.last is not None:
            line = self.line()
            line.put(6, f"{glyphs.of(MARKS[test.last])} {MARKS[test.last].word}", "muted")
            line.put(23, "last iteration", "faint")
            strips.append(line.strip())
        return strips
