"""Makes the pictures in this folder, from the real board on real runs of the bundled suites."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from paint import paint

import suites
from tui.app import StagewatchApp
from tui.client.live import LiveFeed
from tui.protocol import Stop
from tui.session import records

HERE = Path(__file__).parent
SIZES = ((160, 45), (80, 24), (40, 12))


async def main() -> None:
    with tempfile.TemporaryDirectory() as state:
        os.environ.update(XDG_STATE_HOME=state, COLORTERM="truecolor", TERM="xterm-256color")
        os.environ.pop("NO_COLOR", None)
        stagewatch = str(Path(sys.executable).with_name("stagewatch"))
        root = Path(suites.__file__).parent
        for _ in range(2):  # so that there are usual durations and a trend
            subprocess.run([stagewatch, "demo", "--headless"], stdout=subprocess.DEVNULL, check=False)
        scenario = [stagewatch, "demo", "--scenario", "iteration-1", "--detach"]
        subprocess.run(scenario, stdout=subprocess.DEVNULL, check=True)
        socket = Path(next(record.socket for record in records.live() if record.root == str(root)))
        feed = await LiveFeed.connect(socket)
        await _picture(feed, "board-running-160x45", 160, 45, until=25)
        for columns, rows in SIZES:
            await _picture(feed, f"board-{columns}x{rows}", columns, rows)
        await _picture(feed, "board-160x45-light", 160, 45, theme="light")
        await _picture(feed, "tier-160x45", 160, 45, keys=(*"jjjjjjj", "z"))
        await _picture(feed, "iterations-160x45", 160, 45, keys=("i",))
        await _picture(feed, "failure-160x45", 160, 45, keys=("n", "enter"))
        await _picture(feed, "failure-80x24", 80, 24, keys=("n", "enter"))
        await _stop(feed)


async def _picture(
    feed: LiveFeed,
    name: str,
    columns: int,
    rows: int,
    *,
    theme: str = "dark",
    keys: tuple[str, ...] = (),
    until: int = 0,
) -> None:
    """One picture, as PNG and SVG; ``until`` so many tests are done (0: until nothing runs), after ``keys``."""
    app = StagewatchApp(feed, theme=theme, ascii=False)
    async with app.run_test(size=(columns, rows)) as pilot:
        while feed.state.is_running and not (until and sum(bool(t.attempts) for t in feed.state.present()) >= until):
            await pilot.pause(0.05)
        await pilot.press(*keys)
        await pilot.pause(0.5)
        app.turn()
        await pilot.pause()
        paint(app.screen._compositor.render_strips(), HERE / f"{name}.png")
        (HERE / f"{name}.svg").write_text(app.export_screenshot(title="stagewatch", simplify=True), encoding="utf-8")


async def _stop(feed: LiveFeed) -> None:
    ask = asyncio.create_task(feed.send(Stop()))
    async for _ in feed.updates():
        pass
    await ask


if __name__ == "__main__":
    asyncio.run(main())
