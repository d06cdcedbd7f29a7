"""Which tests may be forked, which failures of forks are confirmed in a fresh process, and when the two disagree.

Told what attempts say, and what is known when they do; it starts nothing itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from tui.events import FAILING, Outcome, TestFinished
from tui.plan.model import Confirm

CONFIRMS = "to confirm a warm failure"
_GOOD: frozenset[Outcome] = frozenset({"passed", "xfailed", "xpassed"})


class Contradiction(NamedTuple):
    """A fresh process has said the opposite of the fork before it; ``known`` is what both ran with."""

    test: int
    warm: Outcome
    cold: Outcome
    known: str


class Warmth:
    """``confirm`` is the plan's. What is remembered of the project comes with ``remember``."""

    def __init__(self, confirm: Confirm) -> None:
        self._confirm = confirm
        self._ever = False
        self._distrusted: set[str] = set()
        self._said: dict[int, tuple[Outcome, str]] = {}
        """By test, the last thing that a fork said of it, and what was known then."""

    def remember(self, ever: bool, distrusted: Iterable[str]) -> None:
        """Whether the two have ever disagreed in this project, and the modules that run cold for it."""
        self._ever = self._ever or ever
        self._distrusted.update(distrusted)

    def begin_again(self) -> None:
        """Another revision is deployed: what a test has said before can't be held against it."""
        self._said.clear()

    def distrust(self, path: str) -> None:
        self._ever = True
        self._distrusted.add(path)

    def trust(self, paths: Iterable[str]) -> None:
        self._distrusted.difference_update(paths)

    def cold_reason(self, path: str) -> str:
        """Why a module's tests are not forked; empty where they may be."""
        return "warm and cold disagree here" if path in self._distrusted else ""

    @property
    def is_confirming(self) -> bool:
        """Whether a failure of a warm rerun counts only when a fresh process says the same."""
        return self._confirm == "always" or (self._confirm == "when-disagreed" and self._ever)

    def hear(self, finished: TestFinished, known: str) -> Contradiction | None:
        """A result; returns what it contradicts. What says nothing of a test (skipped, cancelled) is passed over."""
        if finished.outcome not in FAILING | _GOOD:
            return None
        if finished.cold_reason is None:
            self._said[finished.test] = finished.outcome, known
            return None
        warm, then = self._said.pop(finished.test, (finished.outcome, known))
        if then != known or (warm in FAILING) == (finished.outcome in FAILING):
            return None
        return Contradiction(finished.test, warm, finished.outcome, known)
