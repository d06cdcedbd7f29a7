"""A run of 64 tests by four workers, played to a board in two seconds."""

from __future__ import annotations

import asyncio
import random
import time

from tests.support.feed import ScriptedFeed
from tui import events as e
from tui.plan.model import Plan, Selection, Tier

COUNT = 64


def small_run() -> tuple[ScriptedFeed, asyncio.Task[None]]:
    """The feed, and what plays it."""
    now = time.time()
    plan = Plan(tiers=tuple(Tier(f"P{n}", order=n) for n in range(1, 7)))
    found = tuple(
        e.FoundTest(id, f"tests/test_{id % 6}.py::test_number_{id}", f"P{1 + id * 6 // COUNT}", "s", usual=0.1)
        for id in range(COUNT)
    )
    feed = ScriptedFeed(
        [
            e.IterationBegan(now, e.VERSION, 1, "p", "/p", plan, Selection(), 4),
            e.TestsFound(now, found),
            e.Collected(now, 1, "3.11", "9.2", COUNT, 1.0),
            *(e.WorkerStarted(now, worker, 100 + worker, 1) for worker in range(1, 5)),
            e.PassBegan(now, 1, tuple(range(COUNT)), now),
        ]
    )
    return feed, asyncio.create_task(_play(feed))


async def _play(feed: ScriptedFeed) -> None:
    chance = random.Random(1)
    for id in range(COUNT):
        worker = 1 + id % 4
        now = time.time()
        feed.tell(e.TestStarted(now, id, worker))
        await asyncio.sleep(0.03)
        if chance.random() < 0.1:
            signature = e.Signature("AssertionError", f"boom {id % 3}", "x.py:1")
            feed.tell(e.TestFinished(time.time(), id, worker, 1, "failed", now, 0.1, signature=signature))
        else:
            feed.tell(e.TestFinished(time.time(), id, worker, 1, "passed", now, 0.1))
    feed.tell(e.PassEnded(time.time(), 1))
    feed.end("the run is over")
