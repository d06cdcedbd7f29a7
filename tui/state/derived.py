"""What can be computed of a state, and is therefore never stored in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec

from tui.events import Signature
from tui.plan.model import Tier
from tui.state.counting import add
from tui.state.model import AS_EXPECTED, RunState, Status, Tally, Test
from tui.state.past import Since


def counts(tests: Iterable[Test]) -> Counter[Status]:
    """How many tests are in each status."""
    return Counter(test.status for test in tests)


def duration(state: RunState) -> float:
    """Seconds of collecting and running: from the beginning to the end of the first pass, and of each rerun."""
    if not state.passes:
        return max(0.0, (state.now if state.ended is None else state.ended) - state.began)
    seconds, until = 0.0, state.began
    for each in state.passes:
        began = state.began if each.number == 1 else each.began
        ended = state.now if each.ended is None else each.ended
        seconds += max(0.0, ended - max(began, until))
        until = max(until, ended)
    return seconds


UNTARGETED = Signature("", "the target did not answer")
"""Of all that failed by it."""


class Group(msgspec.Struct):
    """Failing tests of one signature, the first to fail first. ``since``: when the first of them failed."""

    signature: Signature
    tests: list[Test]
    since: float


def groups(state: RunState) -> list[Group]:
    """Failing tests by signature: best tier first, then the largest, then the oldest.

    Those that failed while the target did not answer are one group, whatever each of them said.
    """
    found: dict[Signature, Group] = {}
    for test in state.failing():
        attempt = test.attempts[-1]
        signature = attempt.signature or Signature(attempt.outcome, attempt.message)
        if attempt.untargeted:
            signature = UNTARGETED
        at = attempt.started + attempt.duration
        group = found.setdefault(signature, Group(signature, [], at))
        group.tests.append(test)
        group.since = min(group.since, at)
    order = {tier.id: index for index, tier in enumerate(ordered_tiers(state))}

    def rank(group: Group) -> tuple[int, int, float]:
        return min(order.get(t.tier, len(order)) for t in group.tests), -len(group.tests), group.since

    return sorted(found.values(), key=rank)


def ordered_tiers(state: RunState) -> list[Tier]:
    """Tiers as they are shown and run: by ``order``, ties in the order they became known."""
    return sorted(state.tiers.values(), key=lambda tier: tier.order)


def by_tier(state: RunState) -> dict[str, list[Test]]:
    """The tests of each tier, every known tier named, in the order of ``ordered_tiers``."""
    found: dict[str, list[Test]] = {tier.id: [] for tier in ordered_tiers(state)}
    for test in state.present():
        found.setdefault(test.tier, []).append(test)
    return found


def tallies(state: RunState) -> dict[str, Tally]:
    """How the tests of each tier stand, every known tier named, in the order of ``ordered_tiers``."""
    found = {tier.id: state.tallies.get(tier.id, Tally()) for tier in ordered_tiers(state)}
    return found | {tier: tally for tier, tally in state.tallies.items() if tier not in found}


def failing_since(state: RunState, test: Test) -> Since | None:
    """Since when a test that fails does so: in this iteration, unless it already did and has not passed since."""
    if not test.is_failing:
        return None
    has_passed = any(attempt.outcome in AS_EXPECTED and not attempt.mixed for attempt in test.attempts)
    if test.failing_since is not None and not has_passed:
        return Since(test.failing_since, test.failing_revision)
    return Since(state.iteration, state.revision)


def suite_tallies(state: RunState) -> dict[str, Tally]:
    """How the tests of each suite stand, by tier and then in the order the suites became known. Counts every test."""
    order = {tier.id: index for index, tier in enumerate(ordered_tiers(state))}
    suites = sorted(state.suites.values(), key=lambda suite: order.get(suite.tier, len(order)))
    found = {suite.id: Tally() for suite in suites}
    for test in state.present():
        add(found.setdefault(test.suite, Tally()), test)
    return found


def total(state: RunState) -> Tally:
    """How all tests stand."""
    sum_ = Tally()
    for tally in state.tallies.values():
        sum_.total += tally.total
        sum_.ran += tally.ran
        sum_.flaky += tally.flaky
        sum_.mending += tally.mending
        sum_.untargeted += tally.untargeted
        sum_.excused += tally.excused
        for status, count in tally.statuses.items():
            sum_.statuses[status] = sum_.statuses.get(status, 0) + count
        for outcome, count in tally.outcomes.items():
            sum_.outcomes[outcome] = sum_.outcomes.get(outcome, 0) + count
    return sum_
