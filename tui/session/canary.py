"""A canary: one test of each group of failures runs first, the rest only if all of them pass."""

from __future__ import annotations

from collections.abc import Sequence

from tui.reports.amounts import many
from tui.state import RunState, groups
from tui.state.model import AS_EXPECTED


def canaries(tests: Sequence[int], state: RunState) -> tuple[list[int], list[int]]:
    """Of tests that are to run again: the first of each group, and the rest. One in no group is one by itself."""
    wanted = dict.fromkeys(tests)
    first, grouped = [], set()
    for group in groups(state):
        members = [test.id for test in group.tests if test.id in wanted]
        first += members[:1]
        grouped.update(members)
    first += [test for test in wanted if test not in grouped]
    return first, [test for test in wanted if test not in first]


def verdict_on(first: Sequence[int], left: int, state: RunState) -> str:
    """Why the rest is not run; empty when every canary has passed."""
    bad = [test for test in first if test not in state.tests or state.tests[test].outcome not in AS_EXPECTED]
    if not bad:
        return ""
    which = "the canary" if len(first) == 1 else f"{len(bad)} of {len(first)} canaries"
    return f"{which} did not pass: {many(left, 'test')} that failed alike did not run again"
