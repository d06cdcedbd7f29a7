"""The tiers: state, name, bar, counts, trend, what runs now. Failing ones are never out of sight."""

from __future__ import annotations

from collections.abc import Sequence

from textual.strip import Strip

from tui.reports.amounts import percent
from tui.state import Tally
from tui.widgets.bar import parts, put_bar
from tui.widgets.ink import Role
from tui.widgets.line import Line
from tui.widgets.listing import Listing
from tui.widgets.marks import MARKS
from tui.widgets.tiers.standing import folded_words, shown_tiers
from tui.widgets.tiers.trend import put_trend


class Tiers(Listing[str]):
    """One row a tier; one line for those that are folded away."""

    def settle(self) -> None:
        """Tiers stand in the plan's order, always: a cursor among them needs no order of its own."""
        self.order = self.items()
        if self.cursor not in self.order and (self.order or self.view.only_blocking):
            self.cursor = self.order[0] if self.order else None
        self.top = 0

    def items(self) -> Sequence[str]:
        tallies = self._wanted()
        if self.view.grid.mode == "small":
            failing = [id for id, tally in tallies.items() if tally.failing or self.view.blocks(id)]
            return failing[: self._body()]
        return shown_tiers(tallies, self._body(), self.cursor, self.view.standing)[0]

    def _wanted(self) -> dict[str, Tally]:
        view = self.view
        return {id: tally for id, tally in view.tallies.items() if not view.only_blocking or view.blocks(id)}

    def lead(self) -> int:
        return int(self.view.grid.mode == "wide")

    def _body(self) -> int:
        mode = self.view.grid.mode
        return self.size.height - (mode in {"wide", "small"})

    def show_cursor(self) -> None:
        self.top = 0

    def action_move(self, by: int) -> None:
        """Beyond the rows that are shown, the cursor goes on through the folded tiers."""
        every = [id for id, tally in self._wanted().items() if self.view.grid.mode != "small" or tally.failing]
        if self.cursor in every:
            self.cursor = every[max(0, min(every.index(self.cursor) + by, len(every) - 1))]
        self.settle()
        self.move_to(self.index)

    def rows(self, width: int, height: int) -> list[Strip]:
        tallies = self.view.tallies
        mode = self.view.grid.mode
        running = self.view.running()
        if mode == "small":
            strips = [self._small_row(id, tallies[id]) for id in self.order]
            return [*strips, self._folded([id for id in tallies if id not in self.order], tallies, 1)]
        strips = [self._header()] if mode == "wide" else []
        for id in self.order:
            now = [test.name for test in running.get(id, [])]
            strips.append(self._wide_row(id, tallies[id], now) if mode == "wide" else self._middle_row(id, tallies[id]))
        folded = [id for id in tallies if id not in self.order]
        if folded:
            strips.append(self._folded(folded, tallies, 2 if mode == "wide" else 1))
        if not tallies:
            line = self.line()
            line.put(2, "no test is known yet", "faint")
            strips.append(line.strip())
        return strips

    def _header(self) -> Strip:
        grid, line = self.view.grid, self.line()
        line.put(2, "TIERS", "run" if self.active else "muted", bold=True)
        line.put(grid.bar, "outcomes", "faint")
        for x, word, width in (
            (grid.second, "fail", 5), (grid.second + 6, "pass", 5), (grid.second + 12, "left", 5),
            (grid.second + 18, "rate", 6),
        ):  # fmt: skip
            line.put(x, word, "faint", width=width, right=True)
        line.put(grid.second + 26, "trend", "faint")
        line.put(grid.axis, "running now", "faint")
        return line.strip()

    def _start(self, id: str, tally: Tally, x: int) -> Line:
        """The row's beginning: selection, glyph and word, name."""
        selected = id == self.cursor
        span = (1, self.view.grid.edge) if selected else None
        line = Line(self.view.ink, self.view.glyphs, self.size.width, "sel" if selected else "bg", span)
        if selected:
            line.put(x - 1, self.view.glyphs.select, "run" if self.active else "muted", on="bg")
        word = self.view.standing(id)
        bold = word.role == "bad"
        line.put(x, self.view.glyphs.of(MARKS[word.status]), word.role, bold=bold)
        line.put(x + 2, word.word, word.word_role, bold=bold)
        return line

    def _wide_row(self, id: str, tally: Tally, now: list[str]) -> Strip:
        grid = self.view.grid
        line = self._start(id, tally, 2)
        word = self.view.standing(id)
        calm, bad = word.status == "waiting", word.role == "bad"
        room = grid.total - 1 - grid.name
        line.put(
            grid.name,
            id,
            "strong" if bad else "muted" if calm else "text",
            bold=bad,
            width=room,
        )
        title = self.view.tier(id).title
        if title and title.lower() != id.lower():
            line.put(line.at + 1, title, "muted", width=grid.total - 1 - line.at - 1)
        line.put(grid.total - 1, str(tally.total), "muted", width=5, right=True)
        put_bar(line, grid.bar, grid.bar_width, parts(tally))
        self._numbers(line, grid.second, tally)
        put_trend(line, grid.second + 26, self.view.state.trend.get(id, ()), tally.failing)
        if now:
            more = f" +{len(now) - 1}" if len(now) > 1 else ""
            line.put(grid.axis, now[0], "run", width=grid.edge - grid.axis - len(more), cut="middle")
            line.put(line.at, more, "muted")
        return line.strip()

    def _numbers(self, line: Line, x: int, tally: Tally) -> None:
        of, dot = parts(tally), self.view.glyphs.dot
        line.put(x, str(of.failing or dot), "bad" if of.failing else "hair", bold=bool(of.failing), width=5, right=True)
        line.put(x + 6, str(of.passed or dot), "muted" if of.passed else "hair", width=5, right=True)
        left = of.left + of.running
        line.put(x + 12, str(left or dot), "muted" if left else "hair", width=5, right=True)
        self._rate(line, x + 18, 6, tally)

    def _rate(self, line: Line, x: int, width: int, tally: Tally) -> None:
        rate = tally.rate
        low = rate is not None and rate < 1
        text = "-" if rate is None else percent(rate)
        line.put(x, text, "bad" if low else "muted", bold=low, width=width, right=True)

    def _middle_row(self, id: str, tally: Tally) -> Strip:
        grid = self.view.grid
        line = self._start(id, tally, 1)
        of = parts(tally)
        word = self.view.standing(id)
        calm = word.status == "waiting"
        role: Role = "strong" if word.role == "bad" else "muted" if calm else "text"
        line.put(grid.name, id, role, bold=bool(of.failing), width=grid.bar - 1 - grid.name)
        put_bar(line, grid.bar, grid.bar_width, of)
        if of.failing:
            line.put(grid.second, f"{of.failing} {self.view.glyphs.of(MARKS['failed'])}", "bad",
                     bold=True, width=4, right=True)  # fmt: skip
        line.put(grid.total - 1, f"{of.done}/{of.total}", "muted", width=8, right=True)
        self._rate(line, grid.total + 8, 6, tally)
        put_trend(line, grid.axis, self.view.state.trend.get(id, ()), of.failing)
        return line.strip()

    def _small_row(self, id: str, tally: Tally) -> Strip:
        width, of = self.size.width, parts(tally)
        selected = id == self.cursor and self.active
        line = Line(self.view.ink, self.view.glyphs, width, "sel" if selected else "bg", (1, width - 1))
        if selected:
            line.put(0, self.view.glyphs.select, "run")
        line.put(1, self.view.glyphs.of(MARKS["failed"]), "bad", bold=True)
        name = max(8, (width - 28) * 2 // 3)
        line.put(3, id, "strong", bold=True, width=name)
        put_bar(line, 4 + name, width - 20 - name, of)
        line.put(width - 15, str(of.failing), "bad", bold=True, width=3, right=True)
        line.put(width - 11, "fail", "bad", bold=True)
        self._rate(line, width - 6, 6, tally)
        return line.strip()

    def _folded(self, folded: list[str], tallies: dict[str, Tally], x: int) -> Strip:
        line = self.line()
        for word, count in folded_words(folded, self.view.standing):
            line.put(x, self.view.glyphs.of(MARKS[word.status]), word.role)
            line.put(line.at + 1, str(count), word.word_role)
            line.put(line.at + 1, _folded_word(word.word, count, first=x <= 2), "muted")
            x = line.at + 2
        return line.strip()


_VERBS = {
    "passed": ("passes", "pass"),
    "running": ("runs", "run"),
    "waiting": ("waits", "wait"),
    "FAILING": ("FAILS", "FAIL"),
    "BLOCKS": ("BLOCKS", "BLOCK"),
}


def _folded_word(word: str, count: int, *, first: bool) -> str:
    """``tiers pass`` for the first, then ``runs``, ``wait``."""
    noun = ("tier " if count == 1 else "tiers ") if first else ""
    one, more = _VERBS.get(word, (word, word))
    return noun + (one if count == 1 else more)
