"""The plain stream is written whole, at once, and ends quietly with its reader."""

from __future__ import annotations

import asyncio
import io
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from tests.scripted import Script, simple
from tui import events as e
from tui.events import Event, Evidence
from tui.gate import verdict
from tui.plain import Printer, follow
from tui.protocol import Accepted, Command, Refused
from tui.state import RunState, reduce

ROOT = Path(__file__).parents[1]


class Scripted:
    """A feed that gives batches out, ``None`` among them for a long silence, and then says farewell."""

    def __init__(self, *batches: list[Event] | None, state: RunState | None = None, stays: bool = False) -> None:
        self.state = state or RunState()
        self.session = "shop-1"
        self.read_only: str | None = None
        self.farewell: str | None = None
        self.given = 0
        self._batches = batches
        self._stays = stays

    async def updates(self) -> AsyncIterator[Sequence[Event]]:
        for batch in self._batches:
            self.given += 1
            if batch is None:
                await asyncio.sleep(0.1)
                continue
            for event in batch:
                reduce(self.state, event)
            yield batch
        if self._stays:
            await asyncio.Event().wait()

    async def send(self, command: Command) -> Accepted | Refused:
        return Refused("not here")

    async def evidence(self, test: int, attempt: int) -> Evidence | None:
        return None


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


async def printed(feed: Scripted, **options: float | bool) -> list[str]:
    stream = io.StringIO()
    await follow(feed, Printer(stream, {}), **options)  # type: ignore[arg-type]
    return stream.getvalue().splitlines()


async def test_a_run_is_printed_to_its_end() -> None:
    script = simple("passed", "failed").ended()
    lines = await printed(Scripted(script.events[:4], script.events[4:]))
    assert [line.split()[0] for line in lines if line[0] != " "] == [
        "iteration", "collected", "tier", "verdict", "pass", "passed", "failed", "tier", "pass", "ended", "verdict",
    ]  # fmt: skip


async def test_whoever_attaches_sees_what_finished_before_and_then_the_rest() -> None:
    script = simple("passed", "failed", "skipped").ended()
    middle = next(index for index, event in enumerate(script.events) if isinstance(event, e.TestFinished)) + 2
    state = Script().state()
    for event in script.events[1:middle]:
        reduce(state, event)
    lines = await printed(Scripted(script.events[middle:], state=state))
    assert sum("::test_" in line for line in lines) == 3


async def test_it_may_leave_when_nothing_runs_any_more() -> None:
    feed = Scripted(simple("passed").events, stays=True)
    lines = await asyncio.wait_for(printed(feed, leave_when_idle=True), 5)
    assert lines[-1].startswith("verdict    go, decided by this pass")


async def test_a_long_silence_is_broken_by_what_runs() -> None:
    script = Script()
    (test,) = script.found("a.py::a")
    script.collected().asked([test]).add(e.TestStarted(script.at, test, 1))
    lines = await printed(Scripted(script.events, None), every=0.03)
    assert any(re.match(r"running .* worker 1  P1  a.py::a", line) for line in lines)


def test_colour_is_for_terminals_that_want_it() -> None:
    def written(stream: io.StringIO, **environ: str) -> str:
        Printer(stream, environ).write(["failed     x", "           [y]", "GO, final: fine"])
        return stream.getvalue()

    plain = "failed     x\n           [y]\nGO, final: fine\n"
    assert written(io.StringIO(), TERM="xterm") == plain
    assert written(Terminal(), TERM="xterm", NO_COLOR="1") == plain
    assert written(Terminal(), TERM="dumb") == plain
    assert written(Terminal()) == plain
    coloured = written(Terminal(), TERM="xterm")
    assert coloured.startswith("\x1b[1;31mfailed\x1b[0m     x\n")
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


def test_a_stream_that_can_not_hold_a_character_gets_it_spelled() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, "ascii")
    Printer(stream, {}).write(["passed  test_ü[🚀]"])
    assert raw.getvalue() == b"passed  test_\\xfc[\\U0001f680]\n"


def test_the_end_has_tiers_groups_and_summary() -> None:
    state = simple("passed", "failed").state()
    stream = io.StringIO()
    Printer(stream, {}).finish(state, verdict(state, state.now), "stagewatch attach shop-1 shows it again")
    words = [line.split()[0] for line in stream.getvalue().splitlines() if line]
    assert words == ["tier", "failures", "NO-GO,", "iteration", "2", "failed", "stagewatch"]


async def test_it_stops_when_nobody_reads() -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    feed = Scripted(*([event] for event in simple("passed").events))
    printer = Printer(Gone(), {})
    await follow(feed, printer)
    assert isinstance(printer.broken, BrokenPipeError)
    assert feed.given == 1


WRITES_FOR_EVER = """
import sys
from tui.plain import Printer
printer = Printer(sys.stdout, {})
while not printer.broken:
    printer.write(["passed  x"] * 1000)
"""


def test_a_closed_pipe_ends_it_without_a_word() -> None:
    command = [sys.executable, "-W", "error", "-c", WRITES_FOR_EVER]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as writer:
        assert writer.stdout and writer.stderr
        assert writer.stdout.readline() == b"passed  x\n"
        writer.stdout.close()
        assert writer.stderr.read() == b""
        assert writer.wait(10) == 0


async def test_ten_times_the_results_take_about_ten_times_as_long() -> None:
    async def seconds(count: int) -> float:
        script = simple(*["passed"] * (count - 100), *["failed"] * 100)  # type: ignore[arg-type]
        batches = [script.events[index : index + 40] for index in range(0, len(script.events), 40)]
        began = time.process_time()
        lines = await printed(Scripted(*batches))
        assert sum("::test_" in line for line in lines) == count
        return time.process_time() - began

    assert await seconds(5_000) < 40 * await seconds(500)


@pytest.mark.parametrize("heavy", ["rich", "textual", "sqlite3", "psutil"])
def test_it_costs_no_heavy_import(heavy: str) -> None:
    code = f"import sys, tui.plain; sys.exit({heavy!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
