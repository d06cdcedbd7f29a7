"""Watching a feed, on the board or as plain lines, and what is left when one stops watching."""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import msgspec

from tui import places, queries
from tui.client.asking import ask
from tui.client.live import LiveFeed
from tui.client.looks import Look, keep_look, last_look
from tui.client.person import person, who
from tui.client.recorded import RecordedFeed
from tui.documents import write_document
from tui.errors import INTERNAL, INTERRUPTED, MALFORMED, StagewatchError
from tui.events import Evidence
from tui.gate import INCONCLUSIVE, Verdict, verdict
from tui.plain import Printer, follow, is_idle
from tui.protocol import Override, Stop, Trust
from tui.reports.summary import summary
from tui.reports.tracebacks import traceback_lines
from tui.state import RunState

if TYPE_CHECKING:
    from tui.session.records import SessionRecord

_ECHO = 0.5
"""Seconds in which a signal that follows another is the same: ``timeout`` tells its child, then the child's group,
and a terminal that is closed is told of by the kernel and by the shell."""


class Wanted(msgspec.Struct, frozen=True):
    """How to watch. ``owns``: signals end the session too (headless run). ``json``/``junit``: file names, or ``-``.

    ``report``: the status report goes to standard output at the end (into a file, the session writes it).

    ``is_new``: the user has just had it started.

    ``started_in``: the folder where the user stands, when that is not known to be the project's.
    """

    headless: bool
    theme: str = "auto"
    owns: bool = False
    until_idle: bool = False
    json: str | None = None
    junit: str | None = None
    report: bool = False
    started_in: str = ""
    is_new: bool = False


class Signals:
    """INT, TERM and HUP to a viewer without a board, from before its session is started until the program ends.

    What whoever started us had ignored (``nohup``, a job in the background of a script) stays ignored.
    """

    def __init__(self) -> None:
        self.came = 0
        self._last = float("-inf")
        self._tell: Callable[[], object] | None = None
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._hear)

    def on_each(self, act: Callable[[], None]) -> None:
        """From the running event loop on, have something done; at once, if one has come already."""
        loop = asyncio.get_running_loop()
        self._tell = lambda: loop.call_soon_threadsafe(act)
        if self.came:
            act()

    def on_none(self) -> None:
        self._tell = None

    def _hear(self, number: int, frame: FrameType | None) -> None:
        before, self._last = self._last, time.monotonic()
        if self._last - before < _ECHO:
            return
        self.came += 1
        if self._tell is not None:
            self._tell()


def is_plain(headless: bool) -> bool:
    """Whether to print lines: when asked to, or where a board can't be drawn or would not be read."""
    return (
        headless
        or not (sys.stdin.isatty() and sys.stdout.isatty())
        or os.environ.get("TERM", "dumb") == "dumb"
        or os.environ.get("ACCESSIBLE") == "1"
    )


async def watch_session(
    socket: Path, wanted: Wanted, *, read_only: bool = False, signals: Signals | None = None
) -> int:
    """Watch a live session; returns the exit code. Who prints lines never drives, unless the session is its own."""
    feed = await LiveFeed.connect(socket, read_only=read_only or (is_plain(wanted.headless) and not wanted.owns))
    try:
        return await _watch(feed, wanted, f"stagewatch attach {feed.session}", signals)
    finally:
        await feed.close()


async def watch_recorded(folder: Path, number: int | None, wanted: Wanted) -> int:
    """Open an iteration from the journal; returns its exit code."""
    feed = RecordedFeed.load(folder, number)
    return await _watch(feed, wanted, f"stagewatch show {feed.state.iteration}", None)


async def _watch(feed: LiveFeed | RecordedFeed, wanted: Wanted, how_to_return: str, signals: Signals | None) -> int:
    printer = Printer(sys.stderr if wanted.report or "-" in (wanted.json, wanted.junit) else sys.stdout)
    plain = is_plain(wanted.headless)
    interrupted = False
    try:
        if plain:
            interrupted = await _follow(feed, printer, wanted, signals or Signals())
        else:
            await _draw(feed, wanted)
    except Exception:
        # The board broke; what it showed did not, and goes on.
        printer.write(summary(feed.state, verdict(feed.state, time.time()), f"come back: {how_to_return}"))
        raise
    trouble = _trouble(feed)
    if trouble is not None and trouble.exit_code == MALFORMED:
        raise trouble
    state = feed.state
    judged = _judged(state, trouble, interrupted)
    elsewhere = _from_here(state, wanted.started_in)
    if state.ended is not None or feed.farewell:
        how_to_return = f"{elsewhere}stagewatch show {state.iteration}"
    elif elsewhere:
        how_to_return += f" (report, gate and history: {elsewhere.removesuffix(' && ')} first)"
    come_back = f"come back: {how_to_return}"
    if not state.iteration:
        come_back = ""  # without a journal it has no number
    if plain:
        with _evidence(state) as evidence:
            printer.write(traceback_lines(state, evidence))
        printer.finish(state, judged, come_back)
    else:
        printer.write(summary(state, judged, come_back))
    write_results(state, judged, wanted.json, wanted.junit)
    if wanted.report:
        write_report(state, judged, "markdown", "-")
    if trouble is not None:
        raise trouble
    return judged.exit_code


def _trouble(feed: LiveFeed | RecordedFeed) -> StagewatchError | None:
    """Why the session ended, if it could not do what it was asked, or was killed."""
    if isinstance(feed, LiveFeed) and feed.exit_code in (MALFORMED, INTERNAL, INCONCLUSIVE):
        return StagewatchError(feed.farewell or "", feed.exit_code)
    return None


def _judged(state: RunState, trouble: StagewatchError | None, interrupted: bool) -> Verdict:
    """The gate's verdict, with the exit code that this viewer will have."""
    judged = verdict(state, time.time())
    if trouble is not None:
        return msgspec.structs.replace(judged, exit_code=trouble.exit_code)
    if interrupted and state.is_running:
        return msgspec.structs.replace(judged, exit_code=INTERRUPTED)
    return judged


async def _follow(feed: LiveFeed | RecordedFeed, printer: Printer, wanted: Wanted, signals: Signals) -> bool:
    """Print until there is no more; returns whether a signal cut it short."""
    following = asyncio.create_task(_read(feed, printer, wanted))
    stops: list[asyncio.Task[object]] = []

    def stop() -> None:
        if wanted.owns and not stops:
            stops.append(asyncio.get_running_loop().create_task(feed.send(Stop())))
        else:
            following.cancel()

    signals.on_each(stop)
    with suppress(asyncio.CancelledError):
        await following
    signals.on_none()
    return signals.came > 0


async def _read(feed: LiveFeed | RecordedFeed, printer: Printer, wanted: Wanted) -> None:
    await follow(feed, printer, leave_when_idle=wanted.until_idle)
    if not printer.broken or not (wanted.owns or wanted.json or wanted.junit):
        return
    # Nobody reads the lines any more; the run, its exit code and its documents are wanted all the same.
    updates = feed.updates()
    while not (wanted.until_idle and is_idle(feed.state)):
        if await anext(updates, None) is None:
            return


async def _draw(feed: LiveFeed | RecordedFeed, wanted: Wanted) -> None:
    # The board's libraries are the most expensive imports there are: only for who sees a board.
    from tui.app import run_board
    from tui.reports.lines import Lines

    folder, me = places.project_folder(Path(feed.state.root)), person()
    since = last_look(folder, me) if isinstance(feed, LiveFeed) else None
    decision = await run_board(feed, theme=wanted.theme, lines=Lines().of, since=since, is_new=wanted.is_new)
    if isinstance(feed, LiveFeed):
        keep_look(folder, me, Look(feed.state.iteration, feed.state.seq, time.time()))
    if decision == "stop":
        # An answer is heard by whoever reads the updates, and the board does no longer.
        ending = asyncio.create_task(_drain(feed))
        await feed.send(Stop())
        await ending


async def _drain(feed: LiveFeed | RecordedFeed) -> None:
    async for _ in feed.updates():
        pass


def write_results(state: RunState, judged: Verdict, json: str | None, junit: str | None) -> None:
    """Write what was asked for, from the state and the journal's evidence. Raises StagewatchError when it can't be."""
    if json is None and junit is None:
        return
    from tui.reports import junit as junit_report
    from tui.reports import results_json

    with _evidence(state) as evidence:
        if json is not None:
            write_document(json, results_json.encode(results_json.results(state, judged, evidence)))
        if junit is not None:
            write_document(junit, junit_report.document(state, judged, evidence))


def write_report(state: RunState, judged: Verdict, format: str, output: str) -> None:
    """Write one document of an iteration: ``markdown``, ``json`` or ``junit``."""
    if format == "markdown":
        from tui.reports.markdown import report

        write_document(output, report(state, judged, time.time()).encode())
    else:
        write_results(state, judged, output if format == "json" else None, output if format == "junit" else None)


def override(folder: Path, state: RunState, session: SessionRecord | None, why: str) -> None:
    """Record that this user lets the deploy go on: by the session that writes the iteration, if one lives."""
    if session is not None and session.iteration == state.iteration:
        asyncio.run(ask(Path(session.socket), Override(why)))
        return
    from tui.journal.journal import Journal

    with Journal.open(folder) as journal:
        journal.override(state.iteration, time.time(), who(), why)


def trust(folder: Path, session: SessionRecord | None, paths: tuple[str, ...]) -> None:
    """Record that modules run warm again: by the session that runs the project, if one lives."""
    if session is not None:
        asyncio.run(ask(Path(session.socket), Trust(paths)))
        return
    from tui.journal.journal import Journal

    with Journal.open(folder) as journal:
        journal.trust(time.time(), who(), paths)


@contextmanager
def _evidence(state: RunState) -> Iterator[Callable[[int, int], Evidence | None]]:
    """What the journal holds of a state's attempts. One that can't be read costs the tracebacks, never the results."""
    with ExitStack() as stack:
        evidence: Callable[[int, int], Evidence | None] = _no_evidence
        with suppress(StagewatchError):
            folder = places.project_folder(Path(state.root))
            evidence = stack.enter_context(queries.evidence_of(folder, state.iteration))
        yield evidence


def _from_here(state: RunState, started_in: str) -> str:
    """What has to come before a command about this project, where the user stands outside of it."""
    inside = not started_in or Path(started_in).resolve().is_relative_to(state.root)
    return "" if inside else f"cd {shlex.quote(state.root)} && "


def _no_evidence(test: int, attempt: int) -> None:
    return None
