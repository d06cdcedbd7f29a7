"""Which test, how it stands now, and the facts one asks for first."""

from __future__ import annotations

from textual.strip import Strip

from tui.events import FAILING
from tui.reports.amounts import many
from tui.state import Attempt, Test
from tui.widgets.amounts import precise
from tui.widgets.marks import mark_of
from tui.widgets.panel import Panel
from tui.widgets.view import View, is_new


class Title(Panel):
    """Three rows; one where there is no room. Live: a rerun shows here at once."""

    def __init__(self, view: View, id: str) -> None:
        super().__init__(view, id)
        self.test: int | None = None
        self.attempt = 0

    def rows(self, width: int, height: int) -> list[Strip]:
        test = self.view.state.tests.get(self.test) if self.test is not None else None
        if test is None:
            return []
        wide = self.view.grid.mode == "wide"
        left, axis = (2, self.view.grid.axis) if wide else (1, width)
        first, second, third = self.line(), self.line(), self.line()
        mark = mark_of(test)
        bold = test.status in FAILING
        first.put(left, f"{self.view.glyphs.of(mark)} {mark.long}", mark.role, bold=bold)
        x = max(left + 8, first.at + 2)
        first.put(x, test.name, "strong", bold=True, width=axis - 2 - x, cut="middle")
        where = f"{test.path or test.node.partition('::')[0]}:{test.line}" if test.line else test.path or test.node
        second.put(x, where, "muted", width=axis - 2 - x, cut="middle")
        third.put(x, self._place(test), "muted", width=axis - 2 - x)
        if wide:
            for line, (label, text, more) in zip((first, second, third), self._facts(test), strict=True):
                line.put(axis, label, "faint")
                line.put(axis + 9, text, width=width - 2 - axis - 9)
                line.put(line.at + 2, more, "muted", width=width - 2 - line.at - 2)
        return [first.strip(), second.strip(), third.strip()][:height]

    def _place(self, test: Test) -> str:
        title = self.view.tier(test.tier).title
        parts = [f"{test.tier} {title}".strip()]
        if test.attempts:
            worker = self._attempt(test).worker
            untold = "could not be collected" if test.collection else "no worker ran it"
            parts.append(f"worker w{worker}" if worker else untold)
        if len(test.attempts) > 1:
            newer = ", ] shows the next" if self.attempt < len(test.attempts) else ""
            parts.append(f"attempt {self.attempt} of {len(test.attempts)}{newer}")
        if test.attempts and (warm := self._attempt(test).contradicted) is not None:
            parts.append(f"{warm} when warm")
        return ", ".join(parts)

    def _attempt(self, test: Test) -> Attempt:
        return test.attempts[max(0, min(self.attempt, len(test.attempts)) - 1)]

    def _facts(self, test: Test) -> list[tuple[str, str, str]]:
        attempt = self._attempt(test) if test.attempts else None
        took = (
            "took",
            precise(attempt.duration) if attempt else "",
            f"usual {precise(test.usual)}" if test.usual else "",
        )
        new = is_new([test])
        failing = {
            None: ("before", "not known", ""),
            True: ("before", "it did not fail in the last iteration", ""),
            False: ("before", "it failed in the last iteration too", ""),
        }[new]
        group = next((g for g in self.view.groups if any(t.id == test.id for t in g.tests)), None)
        alike = ("group", "none of it fails now", "") if group is None else (
            "group", many(len(group.tests), "test"), " ".join(dict.fromkeys(t.tier for t in group.tests)),
        )  # fmt: skip
        return [took, failing, alike]
