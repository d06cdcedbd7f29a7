"""What a tier is, in a glyph and a word; and which tiers are shown when there are more than rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tui.state import Status, Tally
from tui.widgets.ink import Role
from tui.widgets.marks import MARKS


@dataclass(frozen=True)
class TierWord:
    status: Status
    word: str
    role: Role
    word_role: Role


FAILING = TierWord("failed", "FAILING", "bad", "bad")
RUNNING = TierWord("running", "running", "run", "run")
WAITING = TierWord("waiting", "waiting", "muted", "faint")
PASSED = TierWord("passed", "passed", "goodq", "goodq")
SKIPPED = TierWord("skipped", "skipped", "warn", "muted")
CANCELLED = TierWord("cancelled", "stopped", "warn", "muted")
BLOCKED = TierWord("blocked", "blocked", "warn", "muted")
UNSURE = TierWord("not-run", "unsure", "warn", "muted")
NOT_RUN = TierWord("not-run", "not run", "muted", "faint")


NO_GO = TierWord("failed", "BLOCKS", "bad", "bad")
EMPTY = TierWord("not-run", "no test", "muted", "faint")


def tier_word(tally: Tally, *, over: bool = False, blocks: bool = False) -> TierWord:
    """Of all that a tier is at once, what matters most. ``over``: nothing is still to come. ``blocks``: its policy does
    not allow what it is (flaky or skipped tests, the time it took), also where none of it fails.
    """
    status = tally.statuses
    if tally.counting:
        return FAILING
    if blocks:
        return NO_GO
    if status.get("running"):
        return RUNNING
    if status.get("waiting") or not tally.total:
        return EMPTY if over and not tally.total else WAITING
    if status.get("cancelled"):
        return CANCELLED
    if status.get("blocked") or tally.untargeted:
        return BLOCKED
    if tally.excused:
        return UNSURE
    if status.get("not-run"):
        return NOT_RUN
    return PASSED if status.get("passed") or not status.get("skipped") else SKIPPED


def shown_tiers(
    tallies: dict[str, Tally], rows: int, selected: str | None, word: Callable[[str], TierWord]
) -> tuple[list[str], list[str]]:
    """The tiers with a row, and those summed up in one line. Failing ones and the selected one are never folded away.

    Passed tiers fold first, then those that wait, then those that run, each from the end. (With more failing
    tiers than rows, the last of those are summed up too: the line says that they fail.)
    """
    every = list(tallies)
    if len(every) <= rows:
        return every, []
    rank = {id: _patience(word(id)) for id in every}
    if selected in rank:
        rank[selected] = -1
    kept = sorted(every, key=lambda id: (rank[id], every.index(id)))[: max(0, rows - 1)]
    return [id for id in every if id in kept], [id for id in every if id not in kept]


def _patience(word: TierWord) -> int:
    order = (FAILING, NO_GO, UNSURE, RUNNING, CANCELLED, BLOCKED, NOT_RUN, EMPTY, WAITING, SKIPPED, PASSED)
    return order.index(word)


def folded_words(folded: Sequence[str], word_of: Callable[[str], TierWord]) -> list[tuple[TierWord, int]]:
    """What the folded tiers are: how many of each word, the worst first."""
    counted: dict[TierWord, int] = {}
    for id in folded:
        word = word_of(id)
        counted[word] = counted.get(word, 0) + 1
    return sorted(counted.items(), key=lambda item: _patience(item[0]) if item[0] is not PASSED else -1)


__all__ = ["MARKS", "TierWord", "folded_words", "shown_tiers", "tier_word"]
