"""What ``/`` finds: words that must all be in a test's id, and words that mean a status, a tier or a suite."""

from __future__ import annotations

from collections.abc import Iterable

from tui.state import Status, Test
from tui.widgets.marks import MARKS

_STATUS: dict[str, tuple[Status, ...]] = {
    "fail": ("failed", "error", "timeout", "crashed"),
    "failing": ("failed", "error", "timeout", "crashed"),
    "failed": ("failed",),
    **{mark.word.replace(" ", "-"): (status,) for status, mark in MARKS.items() if mark.word != "fail"},
    **{status: (status,) for status in MARKS if status != "failed"},
}

TOKENS = (
    "failing", "failed", "error", "timeout", "crashed", "skipped", "running", "waiting", "flaky", "differs", "changed",
)  # fmt: skip
"""Words with a meaning, as help shows them. *differs*: warm and cold have disagreed about it. *changed*: since the last
iteration that ran it.
"""


class Search:
    """A search as typed. A word that names a status or a tier means it; put ``"`` before it to mean the text.

    ``is:failed``, ``tier:P1`` and ``suite:auth`` say it outright. ``wrong`` says of one of these that there is no such
    thing; such a search finds nothing.
    """

    def __init__(self, text: str, tiers: Iterable[str], suites: Iterable[str] = ()) -> None:
        self._named = {"tier": {id.lower(): id for id in tiers}, "suite": {id.lower(): id for id in suites}}
        self.words: list[str] = []
        self.statuses: set[Status] = set()
        self.tiers: set[str] = set()
        self.suites: set[str] = set()
        self.flaky = self.differs = self.changed = False
        self.wrong = ""
        for word in text.lower().split():
            kind, colon, name = word.partition(":")
            if colon and kind in ("is", "tier", "suite") and not name.startswith(":"):
                self._outright(kind, name)
            elif not self._state(word) and word in self._named["tier"]:
                self.tiers.add(self._named["tier"][word])
            elif not self._state(word):
                self.words.append(word.removeprefix('"'))

    def _outright(self, kind: str, name: str) -> None:
        named = self._named.get(kind, {})
        if kind == "is" and self._state(name):
            return
        if name in named:
            (self.tiers if kind == "tier" else self.suites).add(named[name])
            return
        there = TOKENS if kind == "is" else tuple(named.values())
        if not any(one.lower().startswith(name) for one in there) or not name:
            self.wrong = f"{kind}: is one of {' '.join(there)}" if there else f"there is no {kind} here"
        else:
            self.wrong = f"{kind}: {' '.join(one for one in there if one.lower().startswith(name))}"

    def _state(self, word: str) -> bool:
        """Take a word that means a state; whether it does."""
        if word in _STATUS:
            self.statuses.update(_STATUS[word])
        elif word == "flaky":
            self.flaky = True
        elif word == "differs":
            self.differs = True
        elif word == "changed":
            self.changed = True
        else:
            return False
        return True

    def finds(self, test: Test) -> bool:
        if self.wrong:
            return False
        if self.words:
            node = test.node.lower()
            for word in self.words:
                if word not in node:
                    return False
        if (self.tiers and test.tier not in self.tiers) or (self.suites and test.suite not in self.suites):
            return False
        if self.changed and (not test.has_run or test.outcome == test.last):
            return False
        if (
            self.statuses
            and test.status not in self.statuses
            and not (test.is_failing and test.outcome in self.statuses)
        ):
            return False
        return (not self.flaky or test.is_flaky) and (not self.differs or test.has_disagreed)
