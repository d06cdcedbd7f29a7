"""A session whose tests are made up and come as fast as they are wanted; journal, socket and words are the real ones.

    busy_session.py NAME TESTS RATE SECONDS

It collects, prints ``ready``, waits for a line on standard input, tells RATE results a second for SECONDS, prints
how many it told and how many seconds that took, and ends with its standard input.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tui import events as e
from tui import places
from tui.plan.model import Plan, Selection, Tier
from tui.protocol import Accepted, Command, Farewell
from tui.session import records
from tui.session.iterations import Iterations
from tui.session.server import Reply, Server

_TICK = 0.01
_FOUND_AT_ONCE = 500
_WORKERS = 4
_MESSAGES = ("assert 401 == 200", "server rejected WebSocket connection: HTTP 403", "timed out after 30 s")


async def serve(name: str, tests: int, rate: int, seconds: float) -> None:
    root = Path.cwd()

    async def obey(command: Command, who: str) -> Reply:
        return Accepted("noted")

    iterations = Iterations(name, places.project_folder(root), lambda told: server.publish(told), lambda: None)
    server = Server(name, iterations.snapshot, obey)
    notes = iterations.open()
    assert not notes, notes
    socket = places.socket_path(name)
    held = records.HeldRecord(
        records.SessionRecord(name, os.getpid(), str(root), str(socket), iterations.number, time.time(), "BUSY=1")
    )
    await server.listen(socket)
    _collect(iterations, root, tests)
    await iterations.flush()
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    told, took = await _tell(iterations, tests, rate, seconds)
    print(told, round(took, 3), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await iterations.close()
    await server.close(Farewell("the benchmark is over"))
    iterations.end()
    held.release()


def _collect(iterations: Iterations, root: Path, tests: int) -> None:
    tiers = tuple(Tier(f"P{number}", order=number) for number in range(1, 7))
    now = time.time()
    iterations.begin(
        e.IterationBegan(
            now, e.VERSION, 0, root.name, str(root), Plan(tiers=tiers), Selection(), _WORKERS
        )
    )  # fmt: skip
    for first in range(0, tests, _FOUND_AT_ONCE):
        found = [
            e.FoundTest(
                id, f"tests/test_{id // 50}.py::TestOrders::test_{id}[{'abcdef'[id % 6]}]", f"P{1 + id % 6}", "orders"
            )
            for id in range(first, min(first + _FOUND_AT_ONCE, tests))
        ]
        iterations.record(e.TestsFound(now, tuple(found)))
    iterations.record(e.Collected(now, 1, "", "", tests, 1.0))
    for worker in range(1, _WORKERS + 1):
        iterations.record(e.WorkerStarted(now, worker, worker, 1))
    iterations.record(e.PassBegan(now, 1, tuple(range(tests)), now))


async def _tell(iterations: Iterations, tests: int, rate: int, seconds: float) -> tuple[int, float]:
    results = _results(tests)
    began = time.perf_counter()
    told = 0
    while (passed := time.perf_counter() - began) < seconds:
        while told < rate * passed:
            for event in next(results):
                iterations.record(event)
            told += 1
        await asyncio.sleep(_TICK)
    await iterations.flush()
    return told, time.perf_counter() - began


def _results(tests: int) -> Iterator[tuple[e.Event, e.Event]]:
    """Two in a hundred fail, in three groups; once all have run they run again."""
    chance = random.Random(1)
    number = 0
    while True:
        test, worker, now = number % tests, 1 + number % _WORKERS, time.time()
        number += 1
        failed = chance.random() < 0.02
        message = chance.choice(_MESSAGES) if failed else ""
        yield (
            e.TestStarted(now, test, worker),
            e.TestFinished(
                now, test, worker, 1, "failed" if failed else "passed", now, 0.002, message=message,
                signature=e.Signature("AssertionError", message) if failed else None,
            ),
        )  # fmt: skip


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])))
