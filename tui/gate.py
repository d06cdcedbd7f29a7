"""May this deploy go on? A pure function of the state, the policy it was run under, and the time.

It fails closed: *go* needs evidence, *no-go* needs one thing that is wrong, and all else is
*inconclusive*. The exit codes are published in the README.
"""

from __future__ import annotations

import math
from itertools import islice
from typing import Literal, TypeAlias

import msgspec

from tui.errors import INTERRUPTED
from tui.events import FAILING, Outcome
from tui.plan.model import GatePolicy, Tier
from tui.state import RunState, Tally, Test, tallies, total

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
    everything = total(state)
    ledger = _ledger(state, everything)
    answer, code, reasons = _judge(state, everything, ledger)
    return Verdict(
        answer=answer,
        standing=_standing(state, answer),
        reasons=tuple(reasons),
        not_checked=tuple(ledger),
        exit_code=INTERRUPTED if state.is_cut_short else code,
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


def allowed_failures(policy: GatePolicy, tally: Tally) -> int:
    """How many of a tier's tests may fail under a policy. A skipped test says nothing, so it allows nothing."""
    return _share(policy, tally.total - tally.outcomes.get("skipped", 0))


def _share(policy: GatePolicy, count: int) -> int:
    rate = 1.0 if policy.pass_rate is None else policy.pass_rate
    return math.floor((1.0 - rate) * count + 1e-9)


def _judge(state: RunState, everything: Tally, ledger: list[NotChecked]) -> tuple[Answer, int, list[str]]:
    tiers = [(state.tiers.get(id, Tier(id)), tally) for id, tally in tallies(state).items()]
    blocking = [reason for tier, tally in tiers for reason in _blocks(state, tier, tally)]
    if blocking:
        return "no-go", NO_GO, blocking
    if state.unreachable is not None:
        return "inconclusive", INCONCLUSIVE, [state.unreachable.sentence, *(line.why for line in ledger)]
    if state.is_running:
        return "inconclusive", PARTIAL, ["starting the target" if state.starting else _progress(everything)]
    if everything.untargeted or everything.outcomes.get("blocked"):
        return "inconclusive", INCONCLUSIVE, [line.why for line in ledger]
    passed = everything.outcomes.get("passed", 0)
    if not passed:
        return "inconclusive", TOO_FEW, [_nothing_passed(everything)]
    short = [reason for tier, tally in tiers for reason in _too_few(state, tier, tally)] + _empty(state)
    if short:
        return "inconclusive", TOO_FEW, short
    if ledger:
        outstanding = all(line.what in _OUTSTANDING for line in ledger)
        return "inconclusive", PARTIAL if outstanding else INCONCLUSIVE, [line.why for line in ledger]
    tolerated = f"{everything.failing} tolerated" if everything.failing else "nothing blocks"
    return "go", GO, [f"{passed} of {everything.total} passed, {tolerated}"]


def _blocks(state: RunState, tier: Tier, tally: Tally) -> list[str]:
    policy = tier_policy(state, tier)
    allowed = allowed_failures(policy, tally)
    reasons = []
    failing = tally.failing - tally.untargeted
    if failing > allowed:
        verb = "fails" if failing == 1 else "fail"
        reasons.append(f"{failing} of {_of_tier(tally.total, tier)} {verb}, {tier.id} allows {allowed or 'none'}")
    for most, count, word in (
        (policy.flaky, tally.flaky, "flaky"),
        (policy.skipped, tally.outcomes.get("skipped", 0), "skipped"),
    ):
        if most is not None and count > most:
            reasons.append(f"{_of_tier(count, tier)} {word}, {tier.id} allows {most or 'none'}")
    return reasons


def _is_settled(state: RunState, tier: Tier, tally: Tally) -> bool:
    """Whether a tier blocks whatever comes of the tests that wait or run again."""
    policy = tier_policy(state, tier)
    return (
        _stays_failing(state, tier, tally, _share(policy, tally.total - tally.statuses.get("skipped", 0)))
        or (policy.skipped is not None and tally.statuses.get("skipped", 0) > policy.skipped)
        or (policy.flaky is not None and tally.flaky - tally.rerunning > policy.flaky)
    )


def _stays_failing(state: RunState, tier: Tier, tally: Tally, allowed: int) -> bool:
    """Whether more than ``allowed`` fail that neither run again nor may have failed because the target is down."""
    if tally.failing - tally.untargeted - tally.mending <= allowed:
        return False
    if state.plan.target.health_url is None:
        return True
    sure = (test for test in state.failing() if test.tier == tier.id and _is_sure(state, test))
    return next(islice(sure, allowed, None), None) is not None


def _is_sure(state: RunState, test: Test) -> bool:
    last = test.attempts[-1]
    return test.status == last.outcome and (test.collection or last.started + last.duration < state.answered)


def _too_few(state: RunState, tier: Tier, tally: Tally) -> list[str]:
    """A tier with fewer tests than it needs. Those not selected or outstanding are the ledger's to tell."""
    least = tier_policy(state, tier).least
    skipped = tally.outcomes.get("skipped", 0)
    if least is None or tally.total - skipped >= least or state.partial:
        return []
    ran = tally.total - skipped
    apart = f" ({skipped} skipped)" if skipped else ""
    return [f"{_of_tier(ran, tier)} to rest on{apart}, {tier.id} needs {least}"]


def _empty(state: RunState) -> list[str]:
    """Tiers and suites of the plan in which no test was found: a mistyped path must not look like a passed suite.

    ``least = 0`` says that a tier may be empty.
    """
    if state.plan.source is None or state.partial:
        return []
    may_be_empty = {tier.id for tier in state.plan.tiers if tier_policy(state, tier).least == 0}
    tiers, suites = set(), set()
    for test in state.present():
        tiers.add(test.tier)
        suites.add(test.suite)
    missing = [f"no {tier.id} test was found" for tier in state.plan.tiers if tier.id not in tiers | may_be_empty]
    return missing + [
        f"no test was found for suite {suite.id}"
        for suite in state.plan.suites
        if suite.id not in suites and suite.tier in tiers - may_be_empty
    ]


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
        if count := everything.untargeted:
            lines.append(NotChecked("target", count, f"{count} {_tests(count)} failed while the target did not answer"))
        for what, word in unchecked:
            count = everything.outcomes.get(what, 0)
            if count:
                was = "" if what == "not-run" else ("was " if count == 1 else "were ")
                lines.append(NotChecked(what, count, f"{count} {_tests(count)} {was}{word}"))
        lines += _unresolved(state)
    if state.partial:
        lines.append(NotChecked("selection", 0, "only a part of the plan was selected"))
    if state.lost_workers:
        count = state.lost_workers
        lines.append(NotChecked("workers", count, f"{count} worker{'s' * (count != 1)} lost"))
    if uncollected := sum(test.collection for test in state.failing()):
        modules = "1 module" if uncollected == 1 else f"{uncollected} modules"
        lines.append(NotChecked("collection", uncollected, f"{modules} could not be collected"))
    if state.not_recorded is not None:
        lines.append(NotChecked("not recorded", 0, f"results are not recorded: {state.not_recorded}"))
    if state.is_cut_short:
        because = f": {state.end_reason}" if state.end_reason else ""
        lines.append(NotChecked("interrupted", 0, f"the run was interrupted{because}"))
    return lines


def _unresolved(state: RunState) -> list[NotChecked]:
    """Tests that failed and, asked again with the same sources, neither failed nor passed: a skip is no cure."""
    count = sum(len(test.attempts) > 1 and _is_unresolved(test) for test in state.present())
    if not count:
        return []
    return [NotChecked("unresolved", count, f"{count} {_tests(count)} failed and did not pass when run again")]


def _is_unresolved(test: Test) -> bool:
    last = test.attempts[-1]
    said = [a.outcome for a in test.attempts if a.digest == last.digest and a.outcome in FAILING | _PASSING]
    return last.outcome not in FAILING and bool(said) and said[-1] in FAILING


_PASSING: frozenset[Outcome] = frozenset({"passed", "xpassed"})
_OUTSTANDING = {"not-run", "cancelled", "selection"}
"""Ledger lines that only say that work is left: exit code 5, not 6."""


def _standing(state: RunState, answer: Answer) -> Standing:
    if state.ended is not None:
        return "final"
    if not state.is_running:
        return "decided"
    if state.collecting or answer != "no-go":
        return "so far"
    settled = any(_is_settled(state, state.tiers.get(id, Tier(id)), tally) for id, tally in tallies(state).items())
    return "decided" if settled else "so far"


def _of_tier(count: int, tier: Tier) -> str:
    """``25 P1 tests``; ``25 tests in unit`` where the tier's name is a folder's and might be a word."""
    is_class = tier.id[:1].isupper()
    return f"{count} {tier.id} {_tests(count)}" if is_class else f"{count} {_tests(count)} in {tier.id}"


def _tests(count: int) -> str:
    return "test" if count == 1 else "tests"
