"""What earlier iterations lead one to expect: usual durations, last outcomes, and trends."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from statistics import median
from typing import NamedTuple, TypeAlias

from tui.events import FAILING, Outcome
from tui.journal import past, warmth
from tui.state.past import Flakiness, Since, failing_since, flakiness

TestName: TypeAlias = tuple[str, int]
"""(node id, ordinal): what a test is called in every iteration."""

PASSES = 10
"""A usual duration is the median of this many latest passes: one slow day does not move it."""

ITERATIONS = 7
"""How many iterations a trend looks back."""

_SAYS_NOTHING = ("cancelled", "not-run", "blocked")
"""Outcomes that tell nothing of the test: the one before them is what it did last."""


class Baseline(NamedTuple):
    """By test; a test that never passed has no usual duration (seconds), one that never ran no last outcome.

    ``spread``: the median absolute deviation of the durations that ``usual`` is the median of.
    ``origin``: the iteration, and the revision of the target, that ``last`` is of. ``since``: of a test that failed
    last, where its row of failures began. ``flaky``: of those that were, in the latest iterations.
    ``has_disagreed``: warm and cold ever have; ``distrusted``: the modules that run cold for it.
    """

    usual: dict[TestName, float]
    last: dict[TestName, Outcome]
    spread: dict[TestName, float]
    origin: dict[TestName, tuple[int, str | None]]
    since: dict[TestName, Since]
    flaky: dict[TestName, Flakiness]
    has_disagreed: bool = False
    distrusted: frozenset[str] = frozenset()

    @classmethod
    def nothing(cls) -> Baseline:
        """Of a project that has no past."""
        return cls({}, {}, {}, {}, {}, {})


def baseline(database: sqlite3.Connection, before: int, tests: Iterable[TestName] | None) -> Baseline:
    """Of the given tests (of all ever seen, if None), by the iterations before ``before``."""
    found = Baseline.nothing()._replace(
        has_disagreed=warmth.has_disagreed(database), distrusted=frozenset(warmth.distrusted(database))
    )
    failed = past.that_failed(database, before)
    for id, name in _ids(database, tests):
        row = database.execute(_LAST, (id, before)).fetchone()
        if row is None:
            continue
        found.last[name], found.origin[name] = row[0], (row[1], row[2])
        if id in failed:
            attempts = past.attempts_of(database, id, before)
            if (since := failing_since(attempts)) is not None:
                found.since[name] = since
            if (often := flakiness(attempts)).flaky:
                found.flaky[name] = often
        durations = [duration for (duration,) in database.execute(_DURATIONS, (id, before))]
        if durations:
            usual = found.usual[name] = median(durations)
            found.spread[name] = median(abs(duration - usual) for duration in durations)
    return found


def trend(database: sqlite3.Connection, before: int) -> dict[str, tuple[int, ...]]:
    """By tier: how many of its tests failed in each of the latest iterations that ran any of them, oldest first."""
    found: dict[str, list[int]] = {}
    for tier, failing in database.execute(_TREND, (before, ITERATIONS)):
        found.setdefault(tier, []).append(failing)
    return {tier: tuple(failing) for tier, failing in found.items()}


def _ids(database: sqlite3.Connection, tests: Iterable[TestName] | None) -> Iterable[tuple[int, TestName]]:
    if tests is None:
        # Read to the end first: a cursor left open in mid-way would hold the write-ahead log back.
        for id, node, ordinal in database.execute("SELECT id, node, ordinal FROM test").fetchall():
            yield id, (node, ordinal)
        return
    for name in tests:
        row = database.execute("SELECT id FROM test WHERE node = ? AND ordinal = ?", name).fetchone()
        if row is not None:
            yield row[0], name


def _quoted(outcomes: Iterable[str]) -> str:
    return ", ".join(f"'{outcome}'" for outcome in outcomes)


_LAST = f"""
    SELECT outcome, iteration, (SELECT revision FROM iteration WHERE number = result.iteration) FROM result
    WHERE test = ? AND iteration < ? AND outcome NOT IN ({_quoted(_SAYS_NOTHING)})
    ORDER BY iteration DESC, attempt DESC LIMIT 1
"""
_DURATIONS = f"""
    SELECT duration FROM result
    WHERE test = ? AND iteration < ? AND outcome = 'passed'
    ORDER BY iteration DESC, attempt DESC LIMIT {PASSES}
"""
_TREND = f"""
    SELECT tier, sum(outcome IN ({_quoted(sorted(FAILING))})) FROM result
    WHERE stands AND iteration IN (SELECT number FROM iteration WHERE number < ? AND began IS NOT NULL
                                   ORDER BY number DESC LIMIT ?)
    GROUP BY iteration, tier ORDER BY iteration
"""
