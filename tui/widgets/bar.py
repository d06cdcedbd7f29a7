"""Bars: failures first and tall, passes thin, what is left a hairline."""

from __future__ import annotations

from dataclasses import dataclass

from tui.events import FAILING, Outcome
from tui.state import Tally
from tui.widgets.ink import Role
from tui.widgets.line import Line

_PASSED: tuple[Outcome, ...] = ("passed", "xfailed", "xpassed")
_SKIPPED: tuple[Outcome, ...] = ("skipped", "cancelled", "blocked")


@dataclass(frozen=True)
class Parts:
    """What a bar shows of a set of tests. Every test is in exactly one part."""

    failing: int
    passed: int
    skipped: int
    running: int
    left: int

    @property
    def total(self) -> int:
        return self.failing + self.passed + self.skipped + self.running + self.left

    @property
    def done(self) -> int:
        return self.failing + self.passed + self.skipped


def parts(tally: Tally) -> Parts:
    """A failing test that runs again stays failing: a rerun is no excuse."""
    status = tally.statuses
    failing = tally.failing
    again = sum(status.get(outcome, 0) for outcome in FAILING)
    mending = failing - again
    running = status.get("running", 0)
    waiting = status.get("waiting", 0) + status.get("not-run", 0)
    from_waiting = min(mending, waiting)
    passed = sum(status.get(outcome, 0) for outcome in _PASSED)
    skipped = sum(status.get(outcome, 0) for outcome in _SKIPPED)
    return Parts(failing, passed, skipped, running - (mending - from_waiting), waiting - from_waiting)


def share(amounts: list[int], width: int) -> list[int]:
    """``width`` cells shared out in proportion; whoever is not zero gets at least one cell."""
    total = sum(amounts)
    if not total or width <= 0:
        return [0] * len(amounts)
    cells = [max(1, amount * width // total) if amount else 0 for amount in amounts]
    while sum(cells) > width:
        largest = max(range(len(cells)), key=lambda i: cells[i])
        if cells[largest] <= 1:
            break
        cells[largest] -= 1
    by_rest = sorted(range(len(cells)), key=lambda i: amounts[i] * width % total, reverse=True)
    for i in by_rest:
        if sum(cells) >= width:
            break
        cells[i] += bool(amounts[i])
    cells[max(range(len(cells)), key=lambda i: amounts[i])] += width - sum(cells)
    return cells


def put_bar(line: Line, x: int, width: int, of: Parts) -> None:
    """Draw a bar of exactly ``width`` cells."""
    glyphs = line.glyphs
    drawn: list[tuple[int, str, Role]] = [
        (of.failing, glyphs.failed, "bad"),
        (of.passed, glyphs.passed, "goodq"),
        (of.skipped, glyphs.skipped, "warn"),
        (of.running, glyphs.running, "run"),
        (of.left, glyphs.waiting, "hair"),
    ]
    if not of.total:
        line.put(x, glyphs.waiting * width, "hair")
        return
    for cells, (_, glyph, role) in zip(share([part[0] for part in drawn], width), drawn, strict=True):
        if cells > 0:
            x = line.put(x, glyph * cells, role)
