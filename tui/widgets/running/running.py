"""A row a worker. Each bar is scaled to its own test's usual time, so that the marks line up into one finish line."""

from __future__ import annotations

from collections.abc import Sequence

from textual.strip import Strip

from tui.reports.amounts import many
from tui.reports.sentences import names_of
from tui.state import Test, Worker
from tui.widgets.amounts import brief
from tui.widgets.ink import Role
from tui.widgets.line import Line
from tui.widgets.listing import Listing
from tui.widgets.marks import MARKS

BAR = 14
MARK = 8
"""Cells of a bar, and how many of them the usual time takes."""


class Running(Listing[int]):
    """Items are workers' numbers."""

    def items(self) -> Sequence[int]:
        return sorted(self.view.state.workers)

    def settle(self) -> None:
        """Workers come and go by number: nothing here needs an order of its own."""
        self.order = self.items()
        if self.cursor not in self.view.state.workers:
            self.cursor = self.order[0] if self.order else None
        self.top = max(0, min(self.top, len(self.order) - self.room()))

    def room(self) -> int:
        return max(1, self.size.height - 1)

    def rows(self, width: int, height: int) -> list[Strip]:
        if self.view.grid.mode != "wide":
            return [self._latest()]
        workers = self.view.state.workers
        strips = [self._title(len(workers))]
        for number in self.order[self.top : self.top + self.room()]:
            strips.append(self._row(workers[number]))
        if not workers:
            line = self.line()
            line.put(2, self._idle(), "faint")
            strips.append(line.strip())
        return strips

    def _title(self, count: int) -> Strip:
        rest = f"{many(count, 'worker')}, mark = usual time" if count else "nothing"
        if self.view.state.cold_reason:
            rest += f", cold: {self.view.state.cold_reason}"
        company = self.view.feed.company
        if company.driver:
            rest += f", {company.driver} drives"
        elif company.watchers:
            rest += f", {names_of(company.watchers)} watch{'es' * (len(company.watchers) == 1)}"
        return self.title("RUNNING", rest, self.view.grid.edge, right=self.span())

    def _idle(self) -> str:
        state = self.view.state
        if self.view.feed.farewell is not None:
            return self.view.feed.farewell
        if state.ended is not None:
            return "this iteration has ended"
        if state.collecting:
            return "the tests are being collected"
        count = len(state.failed)
        return f"f reruns the {count} that failed" if count else "nothing is left to run"

    def _row(self, worker: Worker) -> Strip:
        grid = self.view.grid
        selected = worker.number == self.cursor and self.active
        line = Line(self.view.ink, self.view.glyphs, self.size.width, "sel" if selected else "bg", (1, grid.edge))
        if selected:
            line.put(1, self.view.glyphs.select, "run", on="bg")
        line.put(2, f"w{worker.number}", "muted", width=3)
        if worker.test is None:
            line.put(6, "idle", "faint")
        else:
            self._test(line, self.view.state.tests[worker.test])
        facts = f"{worker.done} done, pid {worker.pid}"
        cold = f"cold: {worker.cold_reason}" if worker.cold_reason else ""
        line.put(grid.axis, facts, "faint")
        line.put(line.at + 2, cold, "warn", width=grid.edge - line.at - 2)
        return line.strip()

    def _test(self, line: Line, test: Test) -> None:
        grid = self.view.grid
        line.put(6, test.tier, "muted", width=9)
        name = f"{_stem(test)}::{test.name}" if "::" in test.node else test.node
        line.put(16, name, "text", width=grid.second - 18, cut="middle")
        elapsed = self.elapsed(test)
        late = lateness(test, elapsed)
        put_pace(line, grid.second, test, elapsed, late)
        role: Role = "warn" if late else "text"
        line.put(grid.second + 15, _running_for(elapsed), role, bold=bool(late), width=7, right=True)
        if test.usual is not None:
            words = f"{late:.1f}{self.view.glyphs.times} usual" if late else f"of {brief(test.usual)}"
            line.put(grid.second + 23, words, "warn" if late else "muted", width=11)

    def elapsed(self, test: Test) -> float:
        return 0.0 if test.started is None else max(0.0, self.view.tick - test.started)

    def _latest(self) -> Strip:
        """One row for all: the test that is latest against its usual time, or has run longest."""
        line = self.line()
        running = [self.view.state.tests[w.test] for w in self.view.state.workers.values() if w.test is not None]
        if not running:
            line.put(1, self._idle(), "faint", width=self.size.width - 2)
            return line.strip()
        latest = max(
            running, key=lambda test: (lateness(test, self.elapsed(test)) or 0.0, self.elapsed(test), -test.id)
        )
        elapsed = self.elapsed(latest)
        late = lateness(latest, elapsed)
        line.put(1, f"{self.view.glyphs.of(MARKS['running'])} {len(running)} running", "run")
        said = _running_for(elapsed) + (f" {late:.1f}{self.view.glyphs.times} usual" if late else "")
        more = f"+{len(running) - 1} more" if len(running) > 1 else ""
        edge = self.size.width - 1
        line.put(line.at + 2, latest.name, "text", width=edge - line.at - 4 - len(said) - len(more) - 2, cut="middle")
        line.put(line.at + 2, said, "warn" if late else "muted", bold=bool(late))
        line.put(edge - len(more), more, "faint")
        return line.strip()


def lateness(test: Test, elapsed: float) -> float | None:
    """How many times its usual time a running test has taken, once that is worth a word."""
    if not test.usual or elapsed < 1.5 * test.usual or elapsed - test.usual < 1.0:
        return None
    return elapsed / test.usual


def put_pace(line: Line, x: int, test: Test, elapsed: float, late: float | None) -> None:
    """The bar of a running test, with the mark where it usually ends."""
    glyphs = line.glyphs
    if test.usual is None:
        line.put(x, glyphs.hair * BAR, "hair")
        return
    filled = min(BAR, max(1, int(elapsed / test.usual * MARK))) if test.usual else BAR
    role: Role = "warn" if late else "run"
    for start, end in ((0, MARK), (MARK + 1, BAR)):
        solid = max(0, min(filled, end) - start)
        line.put(x + start, glyphs.passed * solid, role)
        line.put(x + start + solid, glyphs.hair * (end - start - solid), "hair")
        if start == 0:
            line.put(x + MARK, glyphs.usual, "strong" if filled > MARK else "muted")


def _running_for(elapsed: float) -> str:
    return brief(elapsed)


def _stem(test: Test) -> str:
    """The file of a test without its suffix and its first folder."""
    path = test.node.partition("::")[0].removesuffix(".py")
    return path.partition("/")[2] or path
