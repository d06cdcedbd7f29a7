"""What is at stake: which of the values that the plan declares are protected by what passed, and which are not.

A value is money somebody has put on a tier or a suite, with the date and the source of the number.
A tier's value contains those of its suites, so that nothing is counted twice: sums are over tiers
that have one, and over suites of tiers that have none.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeAlias

import msgspec

from tui.plan.model import Value
from tui.state import RunState, Tally, ordered_tiers, tallies
from tui.state.derived import suite_tallies

Standing: TypeAlias = Literal["protected", "at risk", "unverified"]


class Stake(msgspec.Struct, frozen=True):
    """A tier or suite with a value, and how it stands. ``within``: the tier whose value contains this one."""

    title: str
    value: Value
    standing: Standing
    why: str
    within: str = ""


class Total(msgspec.Struct, frozen=True):
    """Amounts of one currency and period, added up by standing."""

    currency: str
    period: str
    amounts: dict[Standing, float]


def stakes(state: RunState) -> list[Stake]:
    """Everything that has a value, tiers in their order, each followed by its suites."""
    found: list[Stake] = []
    by_suite, by_tier = suite_tallies(state), tallies(state)
    for tier in ordered_tiers(state):
        title = tier.title and f"{tier.id} {tier.title}" if tier.title.casefold() != tier.id.casefold() else tier.id
        if tier.value is not None:
            found.append(Stake(title or tier.id, tier.value, *_standing(by_tier[tier.id])))
        for suite in state.suites.values():
            if suite.tier == tier.id and suite.value is not None:
                tally = by_suite.get(suite.id, Tally())
                within = title or tier.id if tier.value is not None else ""
                found.append(Stake(suite.title or suite.id, suite.value, *_standing(tally), within))
    return found


def totals(found: Iterable[Stake]) -> list[Total]:
    """Sums by currency and period, no value twice."""
    sums: dict[tuple[str, str], dict[Standing, float]] = {}
    for stake in found:
        if not stake.within:
            amounts = sums.setdefault((stake.value.currency, stake.value.period), {})
            amounts[stake.standing] = amounts.get(stake.standing, 0.0) + stake.value.amount
    return [Total(currency, period, amounts) for (currency, period), amounts in sums.items()]


def _standing(tally: Tally) -> tuple[Standing, str]:
    passed = tally.outcomes.get("passed", 0)
    if tally.failing:
        return "at risk", f"{tally.failing} of {tally.total} fail"
    left = tally.total - sum(tally.outcomes.get(outcome, 0) for outcome in ("passed", "xfailed", "xpassed"))
    if left or not passed:
        return "unverified", f"{left} of {tally.total} did not pass or fail" if tally.total else "no test was found"
    return "protected", f"{passed} of {tally.total} passed"
