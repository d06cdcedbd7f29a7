"""What the panels of one board look at, and what the user has chosen to look at.

The run itself is only ever read from the feed; what is worked out from it is kept until the next
``turn`` (one drawing of the screen), so that all panels of a frame say the same.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

from tui.client.feed import Feed
from tui.events import FAILING, Signature
from tui.gate import Hindrance, Verdict, hindrances, verdict
from tui.plan.model import Tier
from tui.state import Group, RunState, Tally, Test, duration, groups, tallies, total
from tui.widgets.grid import Grid
from tui.widgets.ink import Ink
from tui.widgets.line import Line
from tui.widgets.marks import Glyphs
from tui.widgets.search import Search
from tui.widgets.tiers.standing import TierWord, tier_word


@dataclass(frozen=True)
class Subject:
    """What the tests panel shows: the tests of a tier, of a group of failures, or those that a search finds."""

    kind: Literal["tier", "group", "search"]
    tier: str = ""
    signature: Signature | None = None
    search: str = ""


Sorting = Literal["failed first", "slowest first", "by name", "latest first"]
SORTINGS: tuple[Sorting, ...] = get_args(Sorting)


class View:
    """Shared by all panels of an app."""

    def __init__(self, feed: Feed, ink: Ink, glyphs: Glyphs, clock: Callable[[], float]) -> None:
        self.feed = feed
        self.ink = ink
        self.glyphs = glyphs
        self.clock = clock
        self.grid = Grid()
        self.now = clock()
        self.tick = self.now
        """The second that ``now`` is in: what runs is timed by it, so that its cells change once a second."""
        self.subject = Subject("tier")
        self.active = "tiers"
        self.sorting: Sorting = "failed first"
        self.marked: dict[int, None] = {}
        """Tests that the user has chosen to run again together, in that order."""
        self.only_blocking = False
        """Whether tiers, failures and tests are only those that keep the verdict from being *go* by failing."""
        self.pinned: dict[str, None] = {}
        """Tiers whose live panels stand beside the board, in that order."""
        self._verdict: Verdict | None = None
        self._hindrances: dict[str, list[Hindrance]] = {}
        self._groups: list[Group] | None = None
        self._grouped = 0.0
        self._remaining: tuple[int, float | None] = (-1, None)

    @property
    def state(self) -> RunState:
        return self.feed.state

    def line(self, width: int) -> Line:
        return Line(self.ink, self.glyphs, width)

    def turn(self) -> None:
        """Begin a new frame: what was worked out for the last one may be old."""
        self.now = max(self.clock(), self.state.now) if self.state.is_running else self.clock()
        self.tick = float(int(self.now))
        self._verdict = None
        self._hindrances = {}
        if self._groups is not None and not _is_dear(self.state, self._grouped):
            self._groups = None

    def forget(self) -> None:
        """The whole state is a new one."""
        self._groups = None
        self._remaining = (-1, None)

    @property
    def verdict(self) -> Verdict:
        if self._verdict is None:
            self._verdict = verdict(self.state, self.now)
        return self._verdict

    @property
    def groups(self) -> list[Group]:
        if self._groups is None:
            self._groups = groups(self.state)
            self._grouped = time.monotonic()
        return self._groups

    @property
    def tallies(self) -> dict[str, Tally]:
        return tallies(self.state)

    @property
    def total(self) -> Tally:
        return total(self.state)

    def tier(self, id: str) -> Tier:
        return self.state.tiers.get(id) or Tier(id)

    def blocks(self, tier: str) -> bool:
        """Whether a tier keeps the verdict from being *go*."""
        return bool(self.hindrances(tier))

    def hindrances(self, tier: str) -> list[Hindrance]:
        """Why it does."""
        if tier not in self._hindrances:
            tally = self.state.tallies.get(tier)
            found = [] if tally is None else hindrances(self.state, self.tier(tier), tally, self.now)
            self._hindrances[tier] = found
        return self._hindrances[tier]

    def hinders(self, test: Test) -> bool:
        """Whether a test is of those that its tier's policy does not allow."""
        kinds = {one.kind for one in self.hindrances(test.tier)}
        return (
            ("failing" in kinds and test.is_failing and not test.is_excused)
            or ("flaky" in kinds and test.is_flaky)
            or ("skipped" in kinds and test.status == "skipped")
        )

    def standing(self, tier: str) -> TierWord:
        """In a glyph and a word."""
        tally = self.state.tallies.get(tier, Tally())
        return tier_word(tally, over=self.state.ended is not None, blocks=self.blocks(tier))

    def running(self) -> dict[str, list[Test]]:
        """What runs now, by tier."""
        found: dict[str, list[Test]] = {}
        for worker in self.state.workers.values():
            if worker.test is not None:
                test = self.state.tests[worker.test]
                found.setdefault(test.tier, []).append(test)
        return found

    @property
    def elapsed(self) -> float:
        """Seconds of collecting and running so far."""
        state = self.state
        return duration(state) + (max(0.0, self.now - state.now) if state.is_running else 0.0)

    @property
    def remaining(self) -> float | None:
        """A guess at the seconds to come, from usual durations; looked at anew once a second."""
        second = int(self.now)
        if self._remaining[0] != second:
            self._remaining = (second, _remaining(self.state, self.now))
        return self._remaining[1]

    def blocking(self, group: Group) -> bool:
        """Whether a group keeps the verdict from being *go*."""
        return any(self.hinders(test) for test in group.tests)

    def failures(self) -> list[Test]:
        """All failing tests in the order in which ``n`` steps through them."""
        return [test for group in self.groups for test in group.tests]

    def search(self, text: str) -> Search:
        return Search(text, self.state.tiers, self.state.suites)


def _is_dear(state: RunState, when: float) -> bool:
    """Grouping thousands of failures is not for every frame: then it is done once in two seconds."""
    return len(state.failed) > 2000 and time.monotonic() - when < 2.0


def _remaining(state: RunState, now: float) -> float | None:
    if state.current_pass is None:
        return None
    seconds, known, unknown = 0.0, 0, 0
    for test in state.tests.values():
        if not test.queued and test.worker is None:
            continue
        if test.usual is None:
            unknown += 1
            continue
        known += 1
        seconds += test.usual if test.started is None else max(0.0, test.usual - (now - test.started))
    if not known:
        return None
    seconds += unknown * seconds / known
    return seconds / max(1, len(state.workers) or state.workers_wanted)


def is_new(tests: list[Test]) -> bool | None:
    """Whether none of these failed the last time; None when the journal does not know."""
    known = [test.last for test in tests if test.last is not None]
    return None if not known else not any(last in FAILING for last in known)
