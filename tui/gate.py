"""May this deploy go on? A pure function of the state, the policy it was run under, and the time.

It fails closed: *go* needs evidence, *no-go* needs one thing that is wrong, and all else is
*inconclusive*. The exit codes are published in the README.
"""

from __future__ import annotations

import math
from typing import Literal, TypeAlias

import msgspec

from tui.errors import INTERRUPTED
from tui.plan.model import GatePolicy, Tier
from tui.state import RunState, Test, by_tier

Answer: TypeAlias = Literal["go", "no-go", "inconclusive"]
Standing: TypeAlias = Literal["so far", "decided", "final"]

GO = 0
NO_GO = 1
TOO_FEW = 4
PARTIAL = 5
INCONCLUSIVE = 6


class NotChecked(msgspec.Struct, frozen=True):
    """A line of the ledger: something this verdict could not rest on, and why."""

    what: str
    count: int
    why: str


class Verdict(msgspec.Struct, frozen=True):
    """``reasons`` are sentences, the weightiest first; the first stands beside the verdict everywhere.

    ``standing``: *so far* while a result still to come can change it, *decided* when none can
    (a rerun may), *final* when the iteration is closed.
    """

    answer: Answer
    standing: Standing
    reasons: tuple[str, ...]
    not_checked: tuple[NotChecked, ...]
    exit_code: int


def verdict(state: RunState, now: float) -> Verdict:
    """Judge a state. ``now`` (seconds since the epoch) is for policies that end; none of today's does."""
    tiers = by_tier(state)
    present = [test for tests in tiers.values() for test in tests]
    ledger = _ledger(state, present)
    answer, code, reasons = _judge(state, tiers, present, ledger)
    return Verdict(
        answer=answer,
        standing=_standing(state, answer, present),
        reasons=tuple(reasons),
        not_checked=tuple(ledger),
        exit_code=INTERRUPTED if state.interrupted else code,
    )


def tier_policy(state: RunState, tier: Tier) -> GatePolicy:
    """A tier's own policy, completed by the plan's ``[gate]`` and the default that nothing may fail."""
    own, general = tier.gate, state.plan.gate
    rate = own.pass_rate if own.pass_rate is not None else general.pass_rate
    return GatePolicy(
        pass_rate=1.0 if rate is None else rate,
        least=own.least if own.least is not None else general.least,
        flaky=own.flaky if own.flaky is not None else general.flaky,
        skipped=own.skipped if own.skipped is not None else general.skipped,
    )


def allowed_failures(policy: GatePolicy, total: int) -> int:
    """How many of ``total`` tests may fail under a policy."""
    rate = 1.0 if policy.pass_rate is None else policy.pass_rate
    return math.floor((1.0 - rate) * total + 1e-9)


def _judge(
    state: RunState, tiers: dict[str, list[Test]], present: list[Test], ledger: list[NotChecked]
) -> tuple[Answer, int, list[str]]:
    blocking = [reason for id, tests in tiers.items() for reason in _blocks(state, state.tiers.get(id, Tier(id)), tests)]
    if blocking:
        return "no-go", NO_GO, blocking
    passed = sum(test.outcome == "passed" for test in present)
    if state.is_running:
        return "inconclusive", PARTIAL, [_progress(state, present)]
    if not passed:
        return "inconclusive", TOO_FEW, [_nothing_passed(state, present)]
    short = [reason for id, tests in tiers.items() for reason in _too_few(state, state.tiers.get(id, Tier(id)), tests)]
    if short:
        return "inconclusive", TOO_FEW, short
    if ledger:
        outstanding = all(line.what in _OUTSTANDING for line in ledger)
        return "inconclusive", PARTIAL if outstanding else INCONCLUSIVE, [line.why for line in ledger]
    return "go", GO, [f"{passed} of {len(present)} passed, nothing blocks"]


def _blocks(state: RunState, tier: Tier, tests: list[Test]) -> list[str]:
    policy = tier_policy(state, tier)
    failing = sum(test.is_failing for test in tests)
    allowed = allowed_failures(policy, len(tests))
    reasons = []
    if failing > allowed:
        verb = "fails" if failing == 1 else "fail"
        reasons.append(f"{failing} of {len(tests)} {tier.id} {_tests(len(tests))} {verb}, {tier.id} allows {allowed or 'none'}")
    for most, count, word in (
        (policy.flaky, sum(test.is_flaky for test in tests), "flaky"),
        (policy.skipped, sum(test.outcome == "skipped" for test in tests), "skipped"),
    ):
        if most is not None and count > most:
            reasons.append(f"{count} {tier.id} {_tests(count)} {word}, {tier.id} allows {most or 'none'}")
    return reasons


def _too_few(state: RunState, tier: Tier, tests: list[Test]) -> list[str]:
    least = tier_policy(state, tier).least
    ran = sum(bool(test.attempts) for test in tests)
    if least is None or ran >= least:
        return []
    return [f"{ran} {tier.id} {_tests(ran)} ran, {tier.id} needs {least}"]


def _progress(state: RunState, present: list[Test]) -> str:
    if not present:
        return "collecting the tests"
    done = sum(bool(test.attempts) for test in present)
    return f"{done} of {len(present)} done, nothing blocks so far"


def _nothing_passed(state: RunState, present: list[Test]) -> str:
    if not present:
        return "no test was found"
    if not any(test.attempts for test in present):
        return f"none of {len(present)} {_tests(len(present))} ran"
    return f"none of {len(present)} {_tests(len(present))} passed"


def _ledger(state: RunState, present: list[Test]) -> list[NotChecked]:
    lines = []
    if not state.is_running:
        for what, word in (("not-run", "did not run"), ("cancelled", "cancelled"), ("blocked", "blocked")):
            count = sum(test.outcome == what for test in present)
            if count:
                was = "" if what == "not-run" else ("was " if count == 1 else "were ")
                lines.append(NotChecked(what, count, f"{count} {_tests(count)} {was}{word}"))
    if state.partial:
        lines.append(NotChecked("selection", 0, "only a part of the plan was selected"))
    if state.lost_workers:
        count = state.lost_workers
        lines.append(NotChecked("workers", count, f"{count} worker{'s' * (count != 1)} lost"))
    if state.not_recorded is not None:
        lines.append(NotChecked("not recorded", 0, f"results are not recorded: {state.not_recorded}"))
    return lines


_OUTSTANDING = {"not-run", "cancelled", "selection"}
"""Ledger lines that only say that work is left: exit code 5, not 6."""


def _standing(state: RunState, answer: Answer, present: list[Test]) -> Standing:
    if state.ended is not None:
        return "final"
    if not state.is_running:
        return "decided"
    may_mend = state.collecting or any(test.is_failing and (test.queued or test.worker is not None) for test in present)
    return "decided" if answer == "no-go" and not may_mend else "so far"


def _tests(count: int) -> str:
    return "test" if count == 1 else "tests"
