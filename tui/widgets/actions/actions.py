"""The row above the footer, where the plan has actions: their keys, then the one that runs or ran last."""

from __future__ import annotations

from collections.abc import Callable

from textual.strip import Strip

from tui.reports.actions import ended_words
from tui.reports.amounts import clock
from tui.state import ActionRun
from tui.widgets.amounts import precise
from tui.widgets.footer.footer import Question
from tui.widgets.ink import Role
from tui.widgets.line import Line
from tui.widgets.marks import MARKS, Mark
from tui.widgets.panel import Panel
from tui.widgets.view import View


class Actions(Panel):
    """While a question about an action is open, this has the whole of its command."""

    def __init__(self, view: View, id: str, question: Callable[[], Question | None]) -> None:
        super().__init__(view, id)
        self._question = question

    def rows(self, width: int, height: int) -> list[Strip]:
        line = self.line()
        x = 2 if self.view.grid.mode == "wide" else 1
        question = self._question()
        latest = self.view.state.actions[-1] if self.view.state.actions else None
        if question is not None and question.about:
            line.put(x, question.about, "text", width=width - 2 * x)
        elif latest is not None:
            put_run(line, x, width - x, self.view, latest, said=True)
        else:
            self._put_keys(line, x, width - x)
        return [line.strip()]

    def _put_keys(self, line: Line, x: int, edge: int) -> None:
        """What there is to do, as long as nothing was done."""
        line.put(x, "actions", "faint")
        for action in self.view.state.plan.actions:
            if line.at + 4 + len(action.title) >= edge:
                break
            line.say(action.key, "strong", bold=True, gap=3)
            line.say(action.title, "muted", gap=1)


def put_run(line: Line, x: int, edge: int, view: View, run: ActionRun, *, said: bool) -> None:
    """How an action stands: a glyph, its title, how long, how it ended; ``said``: its last line, and the key to all."""
    mark, role = _mark(view, run)
    line.put(x, f"{view.glyphs.of(mark)} {run.title}", role, bold=not run.is_good, width=(edge - x) // 2)
    if run.ended is not None:
        line.say(ended_words(run) if not run.is_good else "done", "muted" if run.is_good else role)
        line.say(precise(run.ended - run.began), "muted")
    elif view.state.ended is None:
        line.say(f"runs {clock(view.tick - run.began)}", role)
    else:
        line.say("had not ended", "warn")
    if not said:
        return
    key = "o output" if run.said and edge - line.at > 20 else ""
    last = next((text for text in reversed(run.lines) if text.strip()), "")
    line.put(line.at + 3, last, "muted", width=edge - line.at - 3 - len(key) - 2 * bool(key))
    if key:
        line.put(edge - len(key), "o", "strong", bold=True)
        line.put(line.at + 1, "output", "muted")


def _mark(view: View, run: ActionRun) -> tuple[Mark, Role]:
    if run.ended is None:
        return MARKS["running"], "run"
    if run.is_good:
        return MARKS["passed"], "text"
    return MARKS["failed"], "bad"
