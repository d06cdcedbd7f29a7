"""The tallies that are kept up event by event are what counting all tests would give."""

from __future__ import annotations

import random

import msgspec
import pytest

from tui import events as e
from tui.plan.model import GatePolicy, Plan, Selection, Tier
from tui.state import RunState, Tally, counts, reduce

OUTCOMES: tuple[e.Outcome, ...] = ("passed", "failed", "error", "skipped", "xfailed", "xpassed", "timeout", "crashed")


@pytest.mark.parametrize("seed", range(8))
def test_tallies_are_what_counting_would_give(seed: int) -> None:
    chance = random.Random(seed)
    state = RunState()
    for event in _some_run(chance):
        reduce(state, event)
        assert {tier: tally for tier, tally in state.tallies.items() if tally.total} == _counted(state)
        assert set(state.failed) == {test.id for test in state.present() if test.is_failing}
    assert msgspec.json.decode(msgspec.json.encode(state), type=RunState) == state


def _some_run(chance: random.Random) -> list[e.Event]:
    plan = Plan(tiers=(Tier("P1", order=1), Tier("P2", order=2, gate=GatePolicy(flaky=0))))
    found = tuple(e.FoundTest(id, f"t::{id}", chance.choice(["P1", "P2", "other"]), "s") for id in range(20))
    run: list[e.Event] = [
        e.IterationBegan(0.0, e.VERSION, 1, "p", "/", plan, Selection(), 1),
        e.TestsFound(1.0, found),
        e.Collected(1.0, 1, "3.11", "9.2", 20, 0.1, digest="a"),
        e.WorkerStarted(1.0, 1, 100, 1),
    ]
    for number in (1, 2, 3):
        asked = tuple(chance.sample(range(20), chance.randint(1, 20)))
        run.append(e.PassBegan(2.0, number, asked, 2.0))
        for id in asked:
            if chance.random() < 0.8:
                run.append(e.TestStarted(3.0, id, 1))
                outcome = chance.choice(OUTCOMES)
                unconfirmed = number > 1 and outcome in e.FAILING and chance.random() < 0.5
                run.append(e.TestFinished(4.0, id, 1, 1, outcome, 3.0, 1.0, unconfirmed=unconfirmed))
            if chance.random() < 0.1:
                run.append(e.TargetUnreachable(4.0, "http://t/", "refused", chance.choice([0.0, 4.0, 5.0])))
                run.append(e.TestsBlocked(4.0, (id, *chance.sample(range(20), 2)), "the target does not answer"))
            if chance.random() < 0.1:
                run.append(e.TargetAnswered(4.0, "http://t/"))
            if chance.random() < 0.1:
                run += [e.TestsGone(4.0, (id,)), e.TestsFound(4.0, (found[id],))]
        run.append(e.CollectionFailed(4.0, e.FoundTest(99, "bad.py", "other", ""), "no", e.Signature("E", "no")))
        run.append(e.PassEnded(5.0, number))
    run += [e.PassBegan(6.0, 4, (0, 1), 6.0), e.TestStarted(6.0, 0, 1), e.IterationEnded(7.0, interrupted=True)]
    return run


def _counted(state: RunState) -> dict[str, Tally]:
    by_tier: dict[str, list[int]] = {}
    for test in state.present():
        by_tier.setdefault(test.tier, []).append(test.id)
    return {tier: _tally(state, ids) for tier, ids in by_tier.items()}


def _tally(state: RunState, ids: list[int]) -> Tally:
    tests = [state.tests[id] for id in ids]
    outcomes: dict[e.Outcome, int] = {}
    for test in tests:
        outcomes[test.outcome] = outcomes.get(test.outcome, 0) + 1
    return Tally(
        total=len(tests),
        ran=sum(bool(test.attempts) for test in tests),
        statuses=dict(counts(tests)),
        outcomes=outcomes,
        flaky=sum(test.is_flaky for test in tests),
        mending=sum(test.is_failing and not test.is_excused and test.status != test.outcome for test in tests),
        excused=sum(test.is_excused for test in tests),
        untargeted=sum(test.is_untargeted for test in tests),
    )
