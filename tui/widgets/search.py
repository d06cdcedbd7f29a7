"""What ``/`` finds: words that must all be in a test's id, and words that mean a status or a tier."""

from __future__ import annotations

from collections.abc import Mapping

from tui.plan.model import Tier
from tui.state import Status, Test
from tui.widgets.marks import MARKS

_STATUS: dict[str, tuple[Status, ...]] = {
    "fail": ("failed", "error", "timeout", "crashed"),
    "failing": ("failed", "error", "timeout", "crashed"),
    "failed": ("failed",),
    **{mark.word.replace(" ", "-"): (status,) for status, mark in MARKS.items() if mark.word != "fail"},
    **{status: (status,) for status in MARKS if status != "failed"},
}

TOKENS = ("failing", "failed", "error", "timeout", "crashed", "skipped", "running", "waiting", "flaky")
"""Words with a meaning, as help shows them."""


class Search:
    """A search as typed. A word that names a status or a tier means it; put ``"`` before it to mean the text."""

    def __init__(self, text: str, tiers: Mapping[str, Tier]) -> None:
        names = {id.lower(): id for id in tiers}
        self.words: list[str] = []
        self.statuses: set[Status] = set()
        self.tiers: set[str] = set()
        self.flaky = False
        for word in text.lower().split():
            if word in _STATUS:
                self.statuses.update(_STATUS[word])
            elif word == "flaky":
                self.flaky = True
            elif word in names:
                self.tiers.add(names[word])
            else:
                self.words.append(word.removeprefix('"'))

    def finds(self, test: Test) -> bool:
        if self.words:
            node = test.node.lower()
            for word in self.words:
                if word not in node:
                    return False
        if self.tiers and test.tier not in self.tiers:
            return False
        if (
            self.statuses
            and test.status not in self.statuses
            and not (test.is_failing and test.outcome in self.statuses)
        ):
            return False
        return not self.flaky or test.is_flaky
