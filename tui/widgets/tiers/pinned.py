"""Tiers that are pinned beside the board: each its standing, its gate, what runs and what came in last."""

from __future__ import annotations

import heapq
import time

from textual.strip import Strip

from tui.events import FAILING
from tui.reports.amounts import many, percent
from tui.state import Tally, Test
from tui.widgets.amounts import took
from tui.widgets.bar import parts, put_bar
from tui.widgets.ink import Role
from tui.widgets.line import Line
from tui.widgets.marks import MARKS
from tui.widgets.panel import Panel
from tui.widgets.tiers.trend import put_trend
from tui.widgets.view import View

_HEAD = 3
"""Rows above a tier's tests: title, bar, standing."""


class Pinned(Panel):
    """The pinned tiers share its height."""

    def __init__(self, view: View, id: str) -> None:
        super().__init__(view, id)
        self._latest: dict[str, list[Test]] = {}
        self._next = 0.0

    def rows(self, width: int, height: int) -> list[Strip]:
        tallies = self.view.tallies
        tiers = [tier for tier in self.view.pinned if tier in tallies]
        if not tiers:
            return []
        share = height // len(tiers)
        latest = self._latest_of(tiers, share)
        strips: list[Strip] = []
        for tier in tiers:
            rows = [*self._head(tier, tallies[tier], width), *(self._row(test, width) for test in latest[tier])]
            rows = rows[: share - 1]
            strips += rows + [self.line().strip()] * (share - len(rows))
        return strips

    def _latest_of(self, tiers: list[str], count: int) -> dict[str, list[Test]]:
        """What runs and then the latest results of each. Looking through many tests is not for every frame."""
        now = time.monotonic()
        if now < self._next and self._latest.keys() == set(tiers):
            return self._latest
        found: dict[str, list[Test]] = {tier: [] for tier in tiers}
        for test in self.view.state.present():
            if test.tier in found and (test.attempts or test.worker is not None):
                found[test.tier].append(test)
        self._latest = {tier: heapq.nlargest(count, tests, key=_when) for tier, tests in found.items()}
        cost = time.monotonic() - now
        self._next = now + 20 * cost if cost > 0.005 else 0.0
        return self._latest

    def _head(self, tier: str, tally: Tally, width: int) -> list[Strip]:
        view, edge = self.view, width - 2
        word = view.standing(tier)
        title = " ".join(dict.fromkeys([tier.upper(), view.tier(tier).title.upper()])).strip()
        rate = "" if tally.rate is None else f", {percent(tally.rate)}"
        bar, standing = self.line(), self.line()
        put_bar(bar, 2, edge - 2, parts(tally))
        standing.put(2, f"{view.glyphs.of(MARKS[word.status])} {word.word}", word.role, bold=word.role == "bad")
        blocks = view.blocks(tier)
        standing.say("blocks GO" if blocks else "does not block", "bad" if blocks else "faint", bold=blocks)
        standing.say(f"{tally.failing} fail" if tally.failing else "none fails", "bad" if tally.failing else "muted")
        put_trend(standing, edge - 7, view.state.trend.get(tier, ()), tally.failing)
        told = f"{tally.ran} of {many(tally.total, 'test')}{rate}"
        return [self.title(title, told, edge), bar.strip(), standing.strip()]

    def _row(self, test: Test, width: int) -> Strip:
        line = Line(self.view.ink, self.view.glyphs, width)
        edge, mark = width - 2, MARKS[test.status]
        bad = test.status in FAILING
        line.put(2, self.view.glyphs.of(mark), mark.role, bold=bad)
        role: Role = "strong" if bad else "run" if test.status == "running" else "text"
        line.put(4, test.name, role, bold=bad, width=edge - 4 - 7, cut="middle")
        if test.worker is not None and test.started is not None:
            line.put(edge - 6, took(max(0.0, float(int(self.view.tick - test.started)))), "muted", width=6, right=True)
        elif test.attempts:
            line.put(edge - 6, took(test.attempts[-1].duration), "muted", width=6, right=True)
        return line.strip()


def _when(test: Test) -> tuple[bool, float]:
    if test.worker is not None:
        return True, test.started or 0.0
    return False, test.attempts[-1].started + test.attempts[-1].duration
