"""Why tests failed, at length, for who has only the plain stream: a log of CI, say."""

from __future__ import annotations

from collections.abc import Callable

from tui.events import Evidence
from tui.reports.amounts import many
from tui.shown import block, line
from tui.state import UNTARGETED, RunState, groups

MOST = 10
"""Groups of failures that are told at length."""
_LONGEST = 60
"""Lines of one traceback: the end says most."""


def traceback_lines(state: RunState, evidence: Callable[[int, int], Evidence | None]) -> list[str]:
    """The traceback (or the stacks) of the first test of each group of failures, with what it printed last."""
    found = [group for group in groups(state) if group.signature is not UNTARGETED]
    lines: list[str] = []
    for group in found[:MOST]:
        test = group.tests[0]
        left = evidence(test.id, len(test.attempts)) if test.attempts[-1].has_evidence else None
        if left is None:
            continue
        alike = f"  (and {many(len(group.tests) - 1, 'test')} alike)" if len(group.tests) > 1 else ""
        lines += ["", line(f"---- {test.node}{alike}")]
        lines += _end_of(left.traceback or left.stacks)
        for name, text in left.sections:
            lines += [line(f"-- {name}"), *_end_of(text)]
    if len(found) > MOST:
        lines += ["", f"and {many(len(found) - MOST, 'more group')} of failures"]
    return lines


def _end_of(text: str) -> list[str]:
    lines = block(text.rstrip("\n"))
    return lines if len(lines) <= _LONGEST else [f"... {len(lines) - _LONGEST} lines ...", *lines[-_LONGEST:]]
