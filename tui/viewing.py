"""Watching a feed, on the board or as plain lines, and what is left when one stops watching."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

import msgspec

from tui import places, queries
from tui.client.live import LiveFeed
from tui.client.recorded import RecordedFeed
from tui.errors import INTERNAL, StagewatchError
from tui.gate import verdict
from tui.plain import Printer, follow
from tui.protocol import Stop
from tui.state import RunState


class Wanted(msgspec.Struct, frozen=True):
    """How to watch. ``owns``: signals end the session too (headless run). ``json``/``junit``: file names, or ``-``."""

    headless: bool
    theme: str = "auto"
    owns: bool = False
    until_idle: bool = False
    json: str | None = None
    junit: str | None = None


def is_plain(headless: bool) -> bool:
    """Whether to print lines: when asked to, or where a board can't be drawn or would not be read."""
    return (
        headless
        or not (sys.stdin.isatty() and sys.stdout.isatty())
        or os.environ.get("TERM", "dumb") == "dumb"
        or os.environ.get("ACCESSIBLE") == "1"
    )


async def watch_session(socket: Path, wanted: Wanted, *, read_only: bool = False) -> int:
    """Watch a live session; returns the exit code."""
    feed = await LiveFeed.connect(socket, read_only=read_only)
    try:
        how_to_return = f"stagewatch attach {feed.session}"
        code = await _watch(feed, wanted, how_to_return)
        return code if feed.exit_code not in (2, INTERNAL) else feed.exit_code
    finally:
        await feed.close()


async def watch_recorded(folder: Path, number: int | None, wanted: Wanted) -> int:
    """Open an iteration from the journal; returns its exit code."""
    feed = RecordedFeed(folder, number)
    return await _watch(feed, wanted, f"stagewatch show {feed.state.iteration}")


async def _watch(feed: LiveFeed | RecordedFeed, wanted: Wanted, how_to_return: str) -> int:
    out = sys.stderr if "-" in (wanted.json, wanted.junit) else sys.stdout
    printer = Printer(out)
    if is_plain(wanted.headless):
        await _follow(feed, printer, wanted)
    else:
        await _draw(feed, wanted)
    state = feed.state
    if state.ended is not None or feed.farewell:
        how_to_return = f"stagewatch show {state.iteration}"
    judged = verdict(state, time.time())
    if isinstance(feed, LiveFeed) and feed.exit_code in (2, INTERNAL):
        raise StagewatchError(feed.farewell or "", feed.exit_code)
    printer.finish(state, judged, f"come back: {how_to_return}")
    write_results(state, wanted.json, wanted.junit)
    return judged.exit_code


async def _follow(feed: LiveFeed | RecordedFeed, printer: Printer, wanted: Wanted) -> None:
    following = asyncio.create_task(follow(feed, printer, leave_when_idle=wanted.until_idle))
    loop = asyncio.get_running_loop()
    stops: list[asyncio.Task[object]] = []

    def stop() -> None:
        if not wanted.owns or stops:
            following.cancel()
        else:
            stops.append(loop.create_task(feed.send(Stop())))

    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for number in signals:
        loop.add_signal_handler(number, stop)
    with suppress(asyncio.CancelledError):
        await following
    for number in signals:
        loop.remove_signal_handler(number)


async def _draw(feed: LiveFeed | RecordedFeed, wanted: Wanted) -> None:
    # The board's libraries are the most expensive imports there are: only for who sees a board.
    from tui.app import run_board
    from tui.reports.lines import Lines

    lines = Lines()
    if await run_board(feed, theme=wanted.theme, lines=lambda event, state: lines.of(state, [event])) == "stop":
        await feed.send(Stop())
        async for _ in feed.updates():
            pass


def write_results(state: RunState, json: str | None, junit: str | None) -> None:
    """Write what was asked for, from the state and the journal's evidence. Raises StagewatchError when it can't be."""
    if json is None and junit is None:
        return
    from tui.reports import junit as junit_report
    from tui.reports import results_json

    judged = verdict(state, time.time())
    with queries.evidence_of(places.project_folder(Path(state.root)), state.iteration) as evidence:
        if json is not None:
            write_document(json, results_json.encode(results_json.results(state, judged, evidence)))
        if junit is not None:
            write_document(junit, junit_report.document(state, judged, evidence))


def write_document(name: str, document: bytes) -> None:
    """Write a file (at once or not at all), or to standard output for ``-``."""
    if name == "-":
        sys.stdout.buffer.write(document)
        sys.stdout.buffer.flush()
        return
    path = Path(name)
    half = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        half.write_bytes(document)
        half.replace(path)
    except OSError as error:
        half.unlink(missing_ok=True)
        raise StagewatchError(f"{name} can't be written ({error.strerror})") from None
