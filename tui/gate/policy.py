"""What a tier needs, and which of its failures count against it."""

from __future__ import annotations

import math
from collections.abc import Iterator

import msgspec

from tui.plan.model import GatePolicy, Plan, Tier
from tui.plan.quarantine import quarantine_end
from tui.state import RunState, Tally, Test


def tier_policy(state: RunState, tier: Tier) -> GatePolicy:
    """A tier's own policy, completed by the plan's ``[gate]`` and the default that nothing may fail."""
    own, general = tier.gate, state.plan.gate
    rate = own.pass_rate if own.pass_rate is not None else general.pass_rate
    return GatePolicy(
        pass_rate=1.0 if rate is None else rate,
        least=own.least if own.least is not None else general.least,
        flaky=own.flaky if own.flaky is not None else general.flaky,
        skipped=own.skipped if own.skipped is not None else general.skipped,
        longest=own.longest,
    )


def counting_failures(state: RunState, tally: Tally, tier: str, now: float) -> int:
    """How many of a tier's failures count: not what the target's silence or a quarantine explains, nor a warm failure
    that no fresh process has confirmed.
    """
    return tally.counting - sum(1 for _ in quarantined(state, tier, now))


def quarantined(state: RunState, tier: str, now: float) -> Iterator[Test]:
    """The tests of a tier that fail and are in quarantine at the time: they still run, and don't block."""
    return (test for test in in_quarantine(state, tier, now) if test.is_counting)


def in_quarantine(state: RunState, tier: str, now: float) -> Iterator[Test]:
    """The tests of a tier that are in quarantine at the time, whatever became of them."""
    for id, until in state.quarantined.items():
        test = state.tests[id]
        if now < until and test.tier == tier and not test.gone:
            yield test


def under(state: RunState, plan: Plan) -> RunState:
    """The same results, to be judged by another plan: its gate, its tiers, its quarantine."""
    tiers = {**state.tiers, **{tier.id: tier for tier in plan.tiers}}
    ends = {test.id: until for test in state.tests.values() if (until := quarantine_end(plan, test.node)) is not None}
    return msgspec.structs.replace(state, plan=plan, tiers=tiers, quarantined=ends)


def allowed_failures(policy: GatePolicy, tally: Tally) -> int:
    """How many of a tier's tests may fail under a policy. A skipped test says nothing, so it allows nothing."""
    return share_of(policy, tally.total - tally.outcomes.get("skipped", 0))


def share_of(policy: GatePolicy, count: int) -> int:
    rate = 1.0 if policy.pass_rate is None else policy.pass_rate
    return math.floor((1.0 - rate) * count + 1e-9)
