"""What is different between two iterations: one of two states, whichever they are.

A test is the same in both if node id and ordinal are. What has failed and did not run again is
*not yet known*, never fixed.
"""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

import msgspec

from tui.events import FAILING, Signature
from tui.state.colours import COLD_NOW, declared, environment_changes
from tui.state.derived import groups
from tui.state.model import AS_EXPECTED, RunState, Test, is_colder

Change: TypeAlias = Literal[
    "newly failing", "still failing", "fixed", "flaky", "slower", "new", "gone", "not yet known", "same"
]
CHANGES: tuple[Change, ...] = get_args(Change)
"""In the order in which they are asked for."""

_SLOWER = 1.5
_SPREADS = 5.0
_NOTICED = 0.05
"""Slower: half as long again as usual, five times its spread more, and at least 50 ms more."""


class Compared(msgspec.Struct, frozen=True):
    """One test in both; where it is not there, it is None. ``why``: what is known to have changed."""

    change: Change
    older: Test | None
    newer: Test | None
    why: str = ""

    @property
    def test(self) -> Test:
        """The newest there is of it."""
        found = self.newer or self.older
        assert found is not None
        return found


def compare(older: RunState, newer: RunState) -> list[Compared]:
    """All tests of both, the newer's first, in their order."""
    before = {(test.node, test.ordinal): test for test in older.present()}
    common = known_changes(older, newer)
    found = []
    for test in newer.present():
        earlier = before.pop((test.node, test.ordinal), None)
        known = [common, *_declared_otherwise(older, earlier, newer, test), *_cold_now(earlier, test)]
        changed = ", ".join(known).removeprefix(", ")
        change = _change(earlier, test, changed)
        found.append(Compared(change, earlier, test, changed if change == "fixed" else ""))
    return found + [Compared("gone", test, None) for test in before.values()]


def by_change(compared: list[Compared]) -> dict[Change, list[Compared]]:
    """The same by what changed, every change named, zeros too."""
    found: dict[Change, list[Compared]] = {change: [] for change in CHANGES}
    for one in compared:
        found[one.change].append(one)
    return found


class Moved(msgspec.Struct, frozen=True):
    """How many tests fail alike in the older and in the newer."""

    signature: Signature
    before: int
    after: int

    @property
    def word(self) -> str:
        if not self.after:
            return "no longer seen"
        if not self.before:
            return "appeared"
        return "grew" if self.after > self.before else "shrank" if self.after < self.before else "the same"


def by_signature(older: RunState, newer: RunState) -> list[Moved]:
    """Every group of failures of either: the newer's in its order, then those that are no longer seen."""
    before = {group.signature: len(group.tests) for group in groups(older)}
    found = [Moved(group.signature, before.pop(group.signature, 0), len(group.tests)) for group in groups(newer)]
    return found + [Moved(signature, count, 0) for signature, count in before.items()]


def known_changes(older: RunState, newer: RunState) -> str:
    """What is known to be different for every test, in words; empty: nothing is."""
    words = []
    if older.revision != newer.revision and older.revision and newer.revision:
        words.append(f"revision {older.revision} is now {newer.revision}")
    if older.digest != newer.digest and older.digest and newer.digest:
        words.append("sources changed")
    return ", ".join(words + _start_changes(older.plan.target.start, newer.plan.target.start))


def _start_changes(old: tuple[str, ...], new: tuple[str, ...]) -> list[str]:
    """How the session's own target is started otherwise: by the words that are there in one of them only."""
    if not old or not new or old == new:
        return []
    without, by = ([word for word in one if word not in other] for one, other in ((old, new), (new, old)))
    words = [f"with {' '.join(by)}"] * bool(by) + [f"without {' '.join(without)}"] * bool(without)
    return [f"the target was started {' and '.join(words) or 'otherwise'}"]


def _declared_otherwise(older: RunState, before: Test | None, newer: RunState, now: Test) -> list[str]:
    """What a test that ran in both found declared otherwise."""
    if before is None or not before.attempts or not now.attempts:
        return []
    old, new = declared(older, before.suite, before.attempts[-1]), declared(newer, now.suite, now.attempts[-1])
    return environment_changes(old, new) if old and new else []


def _cold_now(before: Test | None, now: Test) -> list[str]:
    """A fork's word and a fresh process's are not compared like with like."""
    if before is None or not before.attempts or not now.attempts:
        return []
    return [COLD_NOW] if is_colder(before.attempts[-1], now.attempts[-1]) else []


def is_slower(test: Test) -> bool:
    """Whether its last passing attempt took noticeably longer than usual: see the measures above."""
    last = test.attempts[-1] if test.attempts else None
    if last is None or last.outcome != "passed" or test.usual is None:
        return False
    more = last.duration - test.usual
    return more > _NOTICED and last.duration > _SLOWER * test.usual and more > _SPREADS * test.spread


def _change(older: Test | None, newer: Test, changed: str) -> Change:
    if older is None:
        return "newly failing" if newer.is_failing else "new"
    failed = older.outcome in FAILING
    if newer.is_failing:
        return "still failing" if failed else "newly failing"
    if newer.outcome not in AS_EXPECTED and newer.outcome != older.outcome:
        return "not yet known"
    if newer.is_flaky or (failed and not changed):
        return "flaky"
    if failed:
        return "fixed"
    return "slower" if is_slower(newer) else "same"
