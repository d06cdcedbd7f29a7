"""Telling what tests write from what a person saves, so that tests that write into their project do not run for ever.

Nothing says who wrote a file. But what tests write is written in every pass, and a person rests now and then: a file
that was saved during each of several passes in a row is taken for the tests' own, until it is saved while nothing runs.
"""

from __future__ import annotations

from collections.abc import Sequence

IN_A_ROW = 4
"""Passes in a row during which the same file is saved before it is taken for the tests' own."""
MOST_IN_A_ROW = 12
"""Passes in a row, each for a save during the one before, whatever was saved: new names in each are no person's."""


class OwnWrites:
    """Told of every save and of every round of reruns that follows."""

    def __init__(self) -> None:
        self._own: set[str] = set()
        self._suspected: set[str] = set()
        """Were the tests' own once: next time they are so at once."""
        self._during: dict[str, int] = {}
        """By file, in how many rounds in a row it was saved while tests ran."""
        self._rounds = 0
        self._rests = False
        """Whether a file was saved while nothing ran, since the last round began."""
        self.why_not = ""

    def counting(self, paths: Sequence[str], *, while_running: bool) -> list[str]:
        """Those of the saved files that are to have tests run again."""
        if while_running:
            return [path for path in paths if path not in self._own]
        self._rests = True
        self._own.difference_update(paths)
        return list(paths)

    def begin_round(self, paths: Sequence[str]) -> list[str]:
        """A round is to begin for these; returns those that are the tests' own after all, for ``why_not``."""
        if self._rests:
            self._rests, self._rounds, self._during = False, 0, {}
            return []
        self._rounds += 1
        self._during = {path: self._before(path) + 1 for path in paths}
        is_endless = self._rounds >= MOST_IN_A_ROW
        theirs = [path for path in paths if is_endless or self._during[path] >= IN_A_ROW]
        self._own.update(theirs)
        self._suspected.update(theirs)
        self.why_not = (
            f"saved during each of {MOST_IN_A_ROW if is_endless else IN_A_ROW} passes in a row, so it is taken for the "
            "tests' own work; save it while nothing runs to have it count again"
        )
        return theirs

    def _before(self, path: str) -> int:
        return IN_A_ROW - 1 if path in self._suspected else self._during.get(path, 0)
