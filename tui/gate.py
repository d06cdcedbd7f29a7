"""May this deploy go on? A pure function of the state, the policy it was run under, and the time.

It fails closed: *go* needs evidence, *no-go* needs one thing that is wrong, and all else is
*inconclusive*. The exit codes are published in the README.
"""

from __future__ import annotations

import math
from typing import Literal, TypeAlias

import msgspec

from tui.errors import INTERRUPTED
from tui.events import Outcome
from tui.plan.model import GatePolicy, Tier
from tui.state import RunState, Tally, tallies, total

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
    tiers = tallies(state)
    everything = total(state)
    ledger = _ledger(state, everything)
    answer, code, reasons = _judge(state, tiers, everything, ledger)
    return Verdict(
        answer=answer,
        standing=_standing(state, answer, everything),
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
    state: RunState, tiers: dict[str, Tally], everything: Tally, ledger: list[NotChecked]
) -> tuple[Answer, int, list[str]]:
    blocking = [
        reason for id, tally in tiers.items() for reason in _blocks(state, state.tiers.get(id, Tier(id)), tally)
    ]
    if blocking:
        return "no-go", NO_GO, blocking
    passed = everything.outcomes.get("passed", 0)
    if state.is_running:
        return "inconclusive", PARTIAL, [_progress(everything)]
    if not passed:
        return "inconclusive", TOO_FEW, [_nothing_passed(everything)]
    short = [reason for id, tally in tiers.items() for reason in _too_few(state, state.tiers.get(id, Tier(id)), tally)]
    if short:
        return "inconclusive", TOO_FEW, short
    if ledger:
        outstanding = all(line.what in _OUTSTANDING for line in ledger)
        return "inconclusive", PARTIAL if outstanding else INCONCLUSIVE, [line.why for line in ledger]
    return "go", GO, [f"{passed} of {everything.total} passed, nothing blocks"]


def _blocks(state: RunState, tier: Tier, tally: Tally) -> list[str]:
    policy = tier_policy(state, tier)
    failing = tally.failing
    allowed = allowed_failures(policy, tally.total)
    reasons = []
    if failing > allowed:
        verb = "fails" if failing == 1 else "fail"
        many = f"{tally.total} {tier.id} {_tests(tally.total)}"
        reasons.append(f"{failing} of {many} {verb}, {tier.id} allows {allowed or 'none'}")
    for most, count, word in (
        (policy.flaky, tally.flaky, "flaky"),
        (policy.skipped, tally.outcomes.get("skipped", 0), "skipped"),
    ):
        if most is not None and count > most:
            reasons.append(f"{count} {tier.id} {_tests(count)} {word}, {tier.id} allows {most or 'none'}")
    return reasons


def _too_few(state: RunState, tier: Tier, tally: Tally) -> list[str]:
    least = tier_policy(state, tier).least
    ran = tally.ran
    if least is None or ran >= least:
        return []
    return [f"{ran} {tier.id} {_tests(ran)} ran, {tier.id} needs {least}"]


def _progress(everything: Tally) -> str:
    if not everything.total:
        return "collecting the tests"
    return f"{everything.ran} of {everything.total} done, nothing blocks so far"


def _nothing_passed(everything: Tally) -> str:
    count = everything.total
    if not count:
        return "no test was found"
    if not everything.ran:
        return f"none of {count} {_tests(count)} ran"
    return f"none of {count} {_tests(count)} passed"


def _ledger(state: RunState, everything: Tally) -> list[NotChecked]:
    lines = []
    if not state.is_running:
        unchecked: tuple[tuple[Outcome, str], ...] = (
            ("not-run", "did not run"), ("cancelled", "cancelled"), ("blocked", "blocked"),
        )  # fmt: skip
        for what, word in unchecked:
            count = everything.outcomes.get(what, 0)
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


def _standing(state: RunState, answer: Answer, everything: Tally) -> Standing:
    if state.ended is not None:
        return "final"
    if not state.is_running:
        return "decided"
    may_mend = state.collecting or everything.mending > 0
    return "decided" if answer == "no-go" and not may_mend else "so far"


def _tests(count: int) -> str:
    return "test" if count == 1 else "tests"
