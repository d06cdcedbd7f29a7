"""One command for an action: how it ends, whatever it does, and what is left of it then."""

from __future__ import annotations

import asyncio
import os
import sys
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tui.engine.orphans import end_orphans, marked
from tui.events import Exit
from tui.session import action_process
from tui.session.action_process import ActionProcess

WAITS = "import time; print('waits', flush=True); time.sleep(300)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(300)"


class Heard:
    def __init__(self) -> None:
        self.mark = f"STAGEWATCH_ACTION={uuid.uuid4().hex}"
        self.output = b""
        self.said = asyncio.Event()
        self.process = ActionProcess(self.mark, self._hear)

    def _hear(self, data: bytes) -> None:
        self.output += data
        self.said.set()

    async def start(self, code: str) -> None:
        await self.process.start([sys.executable, "-c", code], Path.cwd(), os.environ)

    async def until_said(self) -> None:
        async with asyncio.timeout(30):
            await self.said.wait()

    @property
    def left(self) -> list[int]:
        return [process.pid for process in marked(self.mark)]


@pytest.fixture
async def heard(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Heard]:
    monkeypatch.setattr(action_process, "GRACE", 0.5)
    one = Heard()
    yield one
    end_orphans(one.mark)
    await one.process.end_rest()


async def test_its_last_words_come_before_its_end(heard: Heard) -> None:
    await heard.start("import sys; print('out', flush=True); print('err', file=sys.stderr); sys.exit(9)")
    assert await heard.process.ended(30) == Exit(9)
    assert heard.output == b"out\nerr\n"


async def test_a_signal_is_named(heard: Heard) -> None:
    await heard.start("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
    assert await heard.process.ended(30) == Exit(signal="SIGSEGV")


async def test_it_is_not_ended_when_the_limit_is_over(heard: Heard) -> None:
    await heard.start(WAITS)
    await heard.until_said()
    assert await heard.process.ended(0.01) is None
    assert await heard.process.end() == Exit(signal="SIGTERM")
    assert not heard.left


async def test_one_that_ignores_term_is_killed(heard: Heard) -> None:
    await heard.start(DEAF)
    await heard.until_said()
    assert await heard.process.end() == Exit(signal="SIGKILL")
    assert not heard.left


async def test_what_has_left_its_group_is_ended_too(heard: Heard) -> None:
    await heard.start(
        f"import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', {DEAF!r}], start_new_session=True)\n{WAITS}"
    )
    await heard.until_said()
    assert len(heard.left) == 2
    await heard.process.end()
    assert not heard.left


async def test_what_holds_its_output_open_does_not_hold_up_its_end(heard: Heard) -> None:
    await heard.start(f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {WAITS!r}])")
    async with asyncio.timeout(20):
        assert await heard.process.ended(30) == Exit(0)
    assert heard.left
    await heard.process.end_rest()
    assert not heard.left


async def test_one_that_is_not_there_is_an_os_error_and_leaves_no_descriptor(heard: Heard) -> None:
    before = list(Path("/proc/self/fd").iterdir())
    with pytest.raises(FileNotFoundError):
        await heard.process.start(["/nowhere/at-all"], Path.cwd(), os.environ)
    assert len(list(Path("/proc/self/fd").iterdir())) == len(before)
    heard.process._process = None
