"""Keeping the tallies of a state right while its tests change."""

from __future__ import annotations

from typing import TypeVar

from tui.events import FAILING
from tui.state.model import RunState, Tally, Test

_Key = TypeVar("_Key")


def leave(state: RunState, test: Test) -> None:
    """Take a test out of the tallies, before it changes."""
    if test.gone:
        return
    tally = state.tallies[test.tier]
    outcome, status = test.outcome, test.status
    tally.total -= 1
    tally.ran -= test.has_run
    tally.flaky -= test.is_flaky
    excused = test.is_excused
    tally.mending -= outcome in FAILING and status != outcome and not excused
    tally.untargeted -= test.is_untargeted
    tally.excused -= excused
    _subtract(tally.statuses, status)
    _subtract(tally.outcomes, outcome)


def enter(state: RunState, test: Test) -> None:
    """Count a test as it stands, after it has changed."""
    if test.gone:
        state.failed.pop(test.id, None)
        return
    tally = state.tallies.get(test.tier)
    if tally is None:
        tally = state.tallies[test.tier] = Tally()
    add(tally, test)
    if test.is_failing:
        state.failed.setdefault(test.id)
    else:
        state.failed.pop(test.id, None)


def add(tally: Tally, test: Test) -> None:
    """Count one test into a tally."""
    outcome, status = test.outcome, test.status
    tally.total += 1
    tally.ran += test.has_run
    tally.flaky += test.is_flaky
    excused = test.is_excused
    tally.mending += outcome in FAILING and status != outcome and not excused
    tally.untargeted += test.is_untargeted
    tally.excused += excused
    tally.statuses[status] = tally.statuses.get(status, 0) + 1
    tally.outcomes[outcome] = tally.outcomes.get(outcome, 0) + 1


def _subtract(counted: dict[_Key, int], key: _Key) -> None:
    counted[key] -= 1
    if not counted[key]:
        del counted[key]
