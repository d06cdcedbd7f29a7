"""Many events cost few drawings."""

from __future__ import annotations

from tests.support.board import board
from tests.support.deploy import BEGAN, NOW
from tests.support.feed import ScriptedFeed
from tui import events as e
from tui.plan.model import Plan, Selection, Tier

COUNT = 2500


def begun(count: int) -> ScriptedFeed:
    plan = Plan(tiers=tuple(Tier(f"P{n}", order=n) for n in range(1, 7)))
    found = tuple(e.FoundTest(id, f"tests/test_{id % 9}.py::test_{id}", f"P{1 + id % 6}", "s") for id in range(count))
    return ScriptedFeed(
        [
            e.IterationBegan(BEGAN, e.VERSION, 1, "p", "/p", plan, Selection(), 2),
            e.TestsFound(BEGAN, found),
            e.Collected(BEGAN, 1, "", "", count, 1.0),
            e.WorkerStarted(BEGAN, 1, 1, 1),
            e.PassBegan(BEGAN, 1, tuple(range(count)), BEGAN),
        ]
    )


async def test_five_thousand_events_in_one_go() -> None:
    async with board(begun(COUNT)) as seen:
        turns = 0
        turn = seen.app.turn

        def counted() -> None:
            nonlocal turns
            turns += 1
            turn()

        seen.app.turn = counted  # type: ignore[method-assign]  # to count it
        for id in range(COUNT):
            outcome: e.Outcome = "failed" if id % 50 == 0 else "passed"
            signature = e.Signature("E", f"m{id % 3}") if outcome == "failed" else None
            finished = e.TestFinished(NOW, id, 1, 1, outcome, NOW, 0.1, signature=signature)
            seen.feed.tell(e.TestStarted(NOW, id, 1), finished)
        await seen.settle()
        assert f"{COUNT}/{COUNT}" in seen.text
        assert "50 tests, 3 groups" in seen.text
        assert turns <= 5
