"""The verdict itself, and how far it stands."""

from __future__ import annotations

import math
from itertools import islice
from typing import Literal, NamedTuple

from tui.errors import INTERRUPTED
from tui.gate.ledger import OUTSTANDING, ledger_of
from tui.gate.model import GO, INCONCLUSIVE, NO_GO, PARTIAL, TOO_FEW, Answer, NotChecked, Standing, Verdict
from tui.gate.policy import allowed_failures, counting_failures, in_quarantine, quarantined, share_of, tier_policy
from tui.gate.words import moment, of_tier, span, tests
from tui.plan.model import Tier
from tui.state import RunState, Tally, Test, duration, tallies, total


class Hindrance(NamedTuple):
    """What a tier's policy does not allow: in a word, and in a sentence with the numbers."""

    kind: Literal["failing", "flaky", "skipped", "late"]
    words: str


def verdict(state: RunState, now: float) -> Verdict:
    """Judge a state. ``now`` (seconds since the epoch) is for what ends: the verdict itself, and a quarantine."""
    everything = total(state)
    ledger = ledger_of(state, everything)
    answer, code, reasons = _judge(state, everything, ledger, now)
    standing = _standing(state, answer, now)
    valid_until = _valid_until(state)
    if state.stamping.is_superseded:
        void = _superseded(state) if state.is_running else f"{_superseded(state)}; it was {answer}"
        answer, code, reasons = "inconclusive", INCONCLUSIVE, [void, *reasons]
    elif valid_until is not None and now >= valid_until:
        ran_out = f"the verdict has run out: it was {answer}, valid until {moment(valid_until)}"
        answer, code, reasons = "inconclusive", INCONCLUSIVE, [ran_out, *reasons]
    if state.is_cut_short:
        code = INTERRUPTED
    return Verdict(
        answer=answer,
        standing=standing,
        reasons=tuple(reasons),
        not_checked=tuple(ledger),
        exit_code=GO if _is_overridden(state) else code,
        valid_until=valid_until,
        override=state.override,
    )


def _is_overridden(state: RunState) -> bool:
    """Whether somebody has let the deploy go on, knowing all that is known now: a later pass is news to them."""
    latest = max((one.began for one in state.passes), default=state.began)
    if state.stamping.is_superseded:
        latest = max(latest, state.stamping.readings[-1].at)
    return state.override is not None and state.override.at >= latest and not state.is_running


def _superseded(state: RunState) -> str:
    """What a verdict is about is deployed no longer."""
    deployed, about = state.stamping.deployed, state.revision
    if deployed == about:
        return f"another revision was deployed after this, and revision {about} again after that"
    return f"revision {deployed} is deployed, this is about {about}"


def _valid_until(state: RunState) -> float | None:
    """When it runs out: some time after the last pass ended, if the plan says so."""
    ended = [one.ended for one in state.passes if one.ended is not None]
    if state.plan.valid_for is None or state.is_running or not ended:
        return None
    return max(ended) + state.plan.valid_for


def _judge(state: RunState, everything: Tally, ledger: list[NotChecked], now: float) -> tuple[Answer, int, list[str]]:
    tiers = [(state.tiers.get(id, Tier(id)), tally) for id, tally in tallies(state).items()]
    blocking = [one.words for tier, tally in tiers for one in hindrances(state, tier, tally, now)]
    blocking += _too_long("the run", duration(state), state.plan.gate.longest if state.plan.source else None)
    if blocking:
        return "no-go", NO_GO, blocking
    if state.unreachable is not None:
        return "inconclusive", INCONCLUSIVE, [state.unreachable.sentence, *(line.why for line in ledger)]
    if state.is_running:
        return "inconclusive", PARTIAL, ["starting the target" if state.starting else _progress(everything)]
    if everything.untargeted or everything.excused or everything.outcomes.get("blocked"):
        return "inconclusive", INCONCLUSIVE, [line.why for line in ledger]
    passed = everything.outcomes.get("passed", 0)
    if not passed:
        return "inconclusive", TOO_FEW, [_nothing_passed(everything)]
    short = [reason for tier, tally in tiers for reason in _too_few(state, tier, tally)] + _empty(state)
    if short:
        return "inconclusive", TOO_FEW, short
    if ledger:
        outstanding = all(line.what in OUTSTANDING for line in ledger)
        return "inconclusive", PARTIAL if outstanding else INCONCLUSIVE, [line.why for line in ledger]
    return "go", GO, [f"{passed} of {everything.total} passed, {_tolerated(state, everything, now)}"]


def _tolerated(state: RunState, everything: Tally, now: float) -> str:
    excused = sum(1 for tier in state.tiers for _ in quarantined(state, tier, now))
    words = [f"{everything.failing - excused} tolerated"] if everything.failing > excused else []
    words += [f"{excused} in quarantine"] if excused else []
    return ", ".join(words) or "nothing blocks"


def hindrances(state: RunState, tier: Tier, tally: Tally, now: float) -> list[Hindrance]:
    """Everything about a tier that keeps the verdict from being *go*, whatever else there is."""
    policy = tier_policy(state, tier)
    allowed = allowed_failures(policy, tally)
    found: list[Hindrance] = []
    failing = counting_failures(state, tally, tier.id, now)
    excused = list(in_quarantine(state, tier.id, now))
    if failing > allowed:
        verb = "fails" if failing == 1 else "fail"
        words = f"{failing} of {of_tier(tally.total, tier)} {verb}, {tier.id} allows {allowed or 'none'}"
        found.append(Hindrance("failing", words))
    kinds: tuple[tuple[int | None, int, Literal["flaky", "skipped"]], ...] = (
        (policy.flaky, tally.flaky - sum(t.is_flaky for t in excused), "flaky"),
        (policy.skipped, tally.outcomes.get("skipped", 0) - sum(t.outcome == "skipped" for t in excused), "skipped"),
    )
    for most, count, kind in kinds:
        if most is not None and count > most:
            found.append(Hindrance(kind, f"{of_tier(count, tier)} {kind}, {tier.id} allows {most or 'none'}"))
    took = state.answered_after.get(tier.id, 0.0)
    return found + [Hindrance("late", words) for words in _too_long(tier.id, took, tier.gate.longest)]


def _too_long(what: str, took: float, longest: float | None) -> list[str]:
    """The time from the start to the last first answer: what somebody who waits with a deploy has waited."""
    if longest is None or took <= longest:
        return []
    return [f"{what} took {span(math.ceil(took))}, allowed are {span(longest)}"]


def _is_settled(state: RunState, tier: Tier, tally: Tally, now: float) -> bool:
    """Whether a tier blocks whatever comes of the tests that wait or run again."""
    policy = tier_policy(state, tier)
    excused = list(in_quarantine(state, tier.id, now))
    open_ = sum(state.tests[one.test].tier == tier.id for one in state.stamping.waiting)
    certain = max(0, tally.statuses.get("skipped", 0) - open_)
    skipped = certain - sum(test.status == "skipped" for test in excused)
    excused_flaky = sum(test.is_flaky for test in excused)
    return (
        _stays_failing(state, tier, tally, share_of(policy, tally.total - certain), now)
        or (policy.skipped is not None and skipped > policy.skipped)
        or (policy.flaky is not None and tally.flaky - excused_flaky - tally.rerunning - open_ > policy.flaky)
        or bool(_too_long(tier.id, state.answered_after.get(tier.id, 0.0), tier.gate.longest))
    )


def _stays_failing(state: RunState, tier: Tier, tally: Tally, allowed: int, now: float) -> bool:
    """Whether more than ``allowed`` fail that neither run again nor may have failed because the target is down."""
    if counting_failures(state, tally, tier.id, now) - tally.mending <= allowed:
        return False
    if state.plan.target.health_url is None and not state.quarantined and not state.stamping.waiting:
        return True
    excused = {test.id for test in quarantined(state, tier.id, now)}
    excused.update(one.test for one in state.stamping.waiting)
    sure = (t for t in state.failing() if t.tier == tier.id and t.id not in excused and _is_sure(state, t))
    return next(islice(sure, allowed, None), None) is not None


def _is_sure(state: RunState, test: Test) -> bool:
    last = test.attempts[-1]
    answered = state.plan.target.health_url is None or last.started + last.duration < state.answered
    return test.status == last.outcome and not test.is_excused and (test.collection or answered)


def _too_few(state: RunState, tier: Tier, tally: Tally) -> list[str]:
    """A tier with fewer tests than it needs. Those not selected or outstanding are the ledger's to tell."""
    least = tier_policy(state, tier).least
    skipped = tally.outcomes.get("skipped", 0)
    if least is None or tally.total - skipped >= least or state.partial:
        return []
    ran = tally.total - skipped
    apart = f" ({skipped} skipped)" if skipped else ""
    return [f"{of_tier(ran, tier)} to rest on{apart}, {tier.id} needs {least}"]


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
        return f"none of {count} {tests(count)} ran"
    return f"none of {count} {tests(count)} passed"


def _standing(state: RunState, answer: Answer, now: float) -> Standing:
    if state.ended is not None:
        return "final"
    if not state.is_running:
        return "decided"
    if state.collecting or answer != "no-go":
        return "so far"
    settled = any(_is_settled(state, state.tiers.get(id, Tier(id)), tally, now) for id, tally in tallies(state).items())
    return "decided" if settled else "so far"
