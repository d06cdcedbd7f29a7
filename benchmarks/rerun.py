"""One failed test, run again: from the request to its recorded result, against ``pytest --lf``."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from peers import in_turns, python_with, ratios, trivial_project, whole_process

from tui.client.live import LiveFeed
from tui.events import TestFinished
from tui.protocol import Rerun, Stop
from tui.session import records

ROUNDS = 10


async def rerun(socket: Path) -> float:
    """Seconds until every failed test's new result has come back from the journal."""
    feed = await LiveFeed.connect(socket, commands=True)
    waiting = len(feed.state.failing())
    updates = feed.updates()
    began = time.perf_counter()
    ask = asyncio.create_task(feed.send(Rerun("failed", requested=time.time())))
    while waiting:
        waiting -= sum(isinstance(event, TestFinished) for event in await anext(updates))
    seconds = time.perf_counter() - began
    while feed.state.is_running or not ask.done():
        await anext(updates)
    await feed.close()
    return seconds


async def stop(socket: Path) -> None:
    feed = await LiveFeed.connect(socket, commands=True)
    ask = asyncio.create_task(feed.send(Stop()))
    async for _ in feed.updates():
        pass
    await ask


def main() -> int:
    python = python_with("pytest")
    stagewatch = str(Path(sys.executable).with_name("stagewatch"))
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_STATE_HOME"] = str(Path(folder) / "state")
        for failing in (1, 10):
            project = trivial_project(Path(folder) / f"failing-{failing}", 10, 50, failing)
            subprocess.run(
                [stagewatch, "run", "--headless", "--keep", "--python", python],
                cwd=project, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False,
            )  # fmt: skip
            socket = Path(next(record.socket for record in records.live() if record.root == str(project.resolve())))
            seconds = in_turns(
                ROUNDS,
                rerun=lambda socket=socket: asyncio.run(rerun(socket)),
                lf=lambda project=project: whole_process(python, "-m", "pytest", "-q", "--lf", cwd=project),
            )
            asyncio.run(stop(socket))
            print(f"{failing} failed of 500, {ROUNDS} rounds in turn; ratio: median (least to most)")
            print(f"  {ratios(seconds, 'rerun', 'lf')}   (lf is the whole process, with its end)")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
