"""Two iterations side by side: as lines, and as the JSON document that ``stagewatch compare`` writes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

from tui.events import Outcome
from tui.gate import Verdict
from tui.reports.amounts import many, took
from tui.reports.summary import count_words, failure_words
from tui.shown import line
from tui.state import RunState, Test, total
from tui.state.comparing import CHANGES, Change, Compared, by_change, compare, known_changes

VERSION: Literal[1] = 1

_LISTED: tuple[Change, ...] = CHANGES[:-1]
"""All but *same*."""
_MOST = 40


class Side(msgspec.Struct, frozen=True):
    """One of the two iterations."""

    iteration: int
    revision: str | None
    verdict: str
    counts: dict[Outcome, int]


class Changed(msgspec.Struct, frozen=True):
    """A test that is not the same in both. ``before`` and ``after`` are null where it is not there."""

    id: str
    ordinal: int
    suite: str
    tier: str
    before: Outcome | None
    after: Outcome | None
    message: str | None
    why: str | None
    duration: float | None
    usual: float | None


class Comparison(msgspec.Struct, frozen=True):
    """The document, version 1: what is not known is null; readers ignore what they don't know."""

    version: Literal[1]
    older: Side
    newer: Side
    changed: str | None
    counts: dict[Change, int]
    changes: dict[Change, list[Changed]]


def comparison(older: RunState, judged_older: Verdict, newer: RunState, judged_newer: Verdict) -> Comparison:
    """Everything that is different between two iterations."""
    found = by_change(compare(older, newer))
    return Comparison(
        VERSION,
        _side(older, judged_older),
        _side(newer, judged_newer),
        known_changes(older, newer) or None,
        {change: len(tests) for change, tests in found.items()},
        {change: [_changed(one) for one in found[change]] for change in _LISTED},
    )


def comparison_lines(older: RunState, judged_older: Verdict, newer: RunState, judged_newer: Verdict) -> list[str]:
    """The same to be read: numbers first, then each list, newly failing first."""
    found = by_change(compare(older, newer))
    lines = [
        f"iteration {newer.iteration}: {_told(newer, judged_newer)}",
        f"compared with {older.iteration}: {_told(older, judged_older)}",
        f"changed: {known_changes(older, newer) or 'nothing that is known'}",
        ", ".join(f"{len(found[change])} {change}" for change in CHANGES),
    ]
    for change in _LISTED:
        if tests := found[change]:
            lines += ["", f"{change} ({len(tests)})", *_listed(tests)]
    return [line(one) for one in lines]


def _listed(tests: list[Compared]) -> Iterable[str]:
    for one in tests[:_MOST]:
        yield f"  {one.test.tier}  {one.test.node}  {_became(one)}"
    if len(tests) > _MOST:
        yield f"  and {many(len(tests) - _MOST, 'more test')}; --json has them all"


def _became(one: Compared) -> str:
    before = one.older.outcome if one.older else "not there"
    after = one.newer.outcome if one.newer else "gone"
    words = f"{before} -> {after}"
    if one.change == "slower" and one.newer and one.newer.usual is not None:
        last = one.newer.attempts[-1].duration
        return f"usually {took(one.newer.usual)}, now {took(last)} ({last / max(one.newer.usual, 1e-6):.1f}x)"
    if one.newer is not None and one.newer.is_failing:
        attempt = one.newer.attempts[-1]
        words += f"  {failure_words(attempt.signature, attempt.message)}"
    return f"{words}  ({one.why})" if one.why else words


def _told(state: RunState, judged: Verdict) -> str:
    revision = f"revision {state.revision}" if state.revision else "revision unknown"
    return f"{revision}, {judged.answer}, {count_words(total(state))}"


def _side(state: RunState, judged: Verdict) -> Side:
    return Side(state.iteration, state.revision, judged.answer, dict(total(state).outcomes))


def _changed(one: Compared) -> Changed:
    test = one.test
    return Changed(
        test.node, test.ordinal, test.suite, test.tier,
        one.older.outcome if one.older else None,
        one.newer.outcome if one.newer else None,
        next(_message(one.newer), None),
        one.why or None,
        one.newer.attempts[-1].duration if one.newer and one.newer.attempts else None,
        one.newer.usual if one.newer else None,
    )  # fmt: skip


def _message(test: Test | None) -> Iterator[str]:
    if test is not None and test.is_failing:
        yield test.attempts[-1].message
