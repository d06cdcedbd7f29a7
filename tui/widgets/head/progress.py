"""The bar over all tests, and what its parts are, in words."""

from __future__ import annotations

from dataclasses import dataclass

from textual.strip import Strip

from tui.events import FAILING
from tui.state import Status
from tui.widgets.bar import parts, put_bar
from tui.widgets.ink import Role
from tui.widgets.marks import FLAKY, MARKS
from tui.widgets.panel import Panel
from tui.widgets.view import View

_LEGEND: tuple[tuple[Status, str, Role], ...] = (
    ("failed", "failed", "bad"),
    ("error", "error", "bad"),
    ("timeout", "timeout", "bad"),
    ("crashed", "crashed", "bad"),
    ("passed", "passed", "good"),
    ("skipped", "skipped", "warn"),
    ("xfailed", "xfailed", "muted"),
    ("xpassed", "xpassed", "warn"),
    ("cancelled", "cancelled", "warn"),
    ("blocked", "blocked", "warn"),
    ("running", "running", "run"),
    ("waiting", "waiting", "muted"),
    ("not-run", "not run", "muted"),
)


@dataclass(frozen=True)
class Entry:
    """A glyph, a number and a word of the legend."""

    glyph: str
    count: int
    word: str
    role: Role
    bold: bool = False

    @property
    def width(self) -> int:
        return len(f"{self.glyph} {self.count} {self.word}")


class Progress(Panel):
    """The horizon between head and body."""

    def rows(self, width: int, height: int) -> list[Strip]:
        mode = self.view.grid.mode
        margin = 2 if mode == "wide" else 1
        bar = self.line()
        put_bar(bar, margin, width - 2 * margin, parts(self.view.total))
        return [bar.strip(), self._legend(margin, 4 if mode == "wide" else 3)][:height]

    def _legend(self, x: int, gap: int) -> Strip:
        """As many words as fit: first what failed is said in one, then what is quiet goes."""
        room = self.size.width - 2 * x
        chosen = next(
            (made for made in (entries(self.view), self._merged(), self._few()) if _width(made, gap) <= room),
            self._few(),
        )
        if _width(chosen, gap) > room:
            gap = 2
        line = self.line()
        for entry in chosen:
            quiet = entry.role == "good"
            x = line.put(x, f"{entry.glyph} ", "goodq" if quiet else entry.role)
            x = line.put(x, str(entry.count), entry.role, bold=entry.bold)
            x = line.put(x + 1, entry.word, "muted") + gap
        return line.strip()

    def _merged(self) -> list[Entry]:
        failing = self.view.total.failing
        first = Entry(self.view.glyphs.of(MARKS["failed"]), failing, "failed", "bad", bold=True)
        return ([first] if failing else []) + [entry for entry in entries(self.view) if entry.role != "bad"]

    def _few(self) -> list[Entry]:
        of, glyphs = parts(self.view.total), self.view.glyphs
        few = [Entry(glyphs.of(MARKS["failed"]), of.failing, "fail", "bad", bold=True)] if of.failing else []
        few.append(Entry(glyphs.of(MARKS["passed"]), of.passed, "pass", "good"))
        few.append(Entry(glyphs.of(MARKS["waiting"]), of.left + of.running, "left", "faint"))
        return few


def _width(chosen: list[Entry], gap: int) -> int:
    return sum(entry.width + gap for entry in chosen) - gap


def entries(view: View) -> list[Entry]:
    """How many there are of each status."""
    tally, glyphs = view.total, view.glyphs
    found = []
    for status, word, role in _LEGEND:
        # a failing test that runs again still fails
        count = tally.outcomes.get(status, 0) if status in FAILING else tally.statuses.get(status, 0)
        if count:
            found.append(Entry(glyphs.of(MARKS[status]), count, word, role, bold=status in FAILING))
    if tally.flaky:
        found.append(Entry(glyphs.of(FLAKY), tally.flaky, "flaky", FLAKY.role))
    return found
