"""A target that is started: from its command to its end, whatever it does."""

from __future__ import annotations

import asyncio
import os
import sys
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.support import environment
from tests.support.environment import PASSWORD
from tui.engine.masking import mask_for
from tui.engine.orphans import end_orphans, marked
from tui.errors import MALFORMED, StagewatchError
from tui.gate import INCONCLUSIVE
from tui.plan.model import Target
from tui.target.process import MARK, TargetProcess

SCRIPT = Path(environment.__file__)


class Started:
    def __init__(self, folder: Path, *how: str, start: tuple[str, ...] = (), timeout: float = 30.0) -> None:
        self.folder = folder
        self.mark = f"{MARK}=test-{uuid.uuid4().hex}"
        self.deaths: list[str] = []
        self.died = asyncio.Event()
        name, _, value = self.mark.partition("=")
        command = start or ("{python}", str(SCRIPT), str(folder), *how)
        target = Target(name="staging", health_url="http://127.0.0.1:9/", start=command, start_timeout=timeout)
        self.process = TargetProcess(
            target, sys.executable, folder, {name: value}, folder / "target.log", mask_for([{}], ()), self._die
        )

    def _die(self, how: str) -> None:
        self.deaths.append(how)
        self.died.set()

    @property
    def left(self) -> list[str]:
        return [" ".join(process.cmdline()) for process in marked(self.mark)]

    @property
    def log(self) -> str:
        return (self.folder / "target.log").read_text()


@asynccontextmanager
async def started(folder: Path, *how: str, **options: object) -> AsyncIterator[Started]:
    one = Started(folder, *how, **options)  # type: ignore[arg-type]
    try:
        yield one
    finally:
        await one.process.end()
        end_orphans(one.mark)


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(30):
        while not holds():
            await asyncio.sleep(0.01)


async def test_it_is_ready_when_it_says_so_and_says_where_it_is(tmp_path: Path) -> None:
    async with started(tmp_path) as one:
        ready = await one.process.start()
        assert ready.target.name == "staging"
        assert ready.target.base_url is not None
        assert ready.target.health_url == f"{ready.target.base_url}/health", "it takes the place of the plan's"
        assert ready.env["STAGING_PASSWORD"] == PASSWORD
        await until(lambda: "more on standard output" in one.log)
        await one.process.end()
        assert (tmp_path / "said").exists(), "it was let end by itself"
        assert not one.left
        assert not one.deaths, "this end was asked for"


async def test_it_does_not_outlive_its_end_though_it_heeds_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.target.process._FAREWELL", 0.2)
    monkeypatch.setattr("tui.target.process._GRACE", 0.2)
    async with started(tmp_path, "deaf") as one:
        await one.process.start()
        pid = int((tmp_path / "pid").read_text())
        await one.process.end()
        assert not Path(f"/proc/{pid}").exists()
        assert any("time.sleep(300)" in line for line in one.left), "who left its group is found by the mark"


async def test_an_end_that_nobody_asked_for_is_told_with_its_last_words(tmp_path: Path) -> None:
    async with started(tmp_path, "dies") as one:
        await one.process.start()
        await until(lambda: "more on standard output" in one.log)  # of two streams, neither is the later one by itself
        (tmp_path / "die").touch()
        async with asyncio.timeout(30):
            await one.died.wait()
        assert one.deaths == ["the target that was started for this run has ended (exit code 7): out of memory"]


@pytest.mark.parametrize(
    ("how", "code", "said"),
    [
        ("fails", INCONCLUSIVE, " ended before it was ready (exit code 1): no licence, and the key is ‹masked›; "),
        ("garbage", MALFORMED, "expected one line of JSON on its standard output"),
        ("long", MALFORMED, "its first line is longer than 64 KiB"),
    ],
)
async def test_what_does_not_get_ready_is_answered_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str, code: int, said: str
) -> None:
    monkeypatch.setenv("API_TOKEN", "planted-api-token")
    async with started(tmp_path, how) as one:
        with pytest.raises(StagewatchError) as caught:
            await one.process.start()
        await one.process.end()
        assert not one.left
    assert said in str(caught.value)
    assert "planted" not in str(caught.value) and "\n" not in str(caught.value)
    assert caught.value.exit_code == code


async def test_it_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    async with started(tmp_path, "silent", timeout=0.3) as one:
        with pytest.raises(StagewatchError, match=r"is not ready within 0\.3 s") as caught:
            await one.process.start()
        assert caught.value.exit_code == INCONCLUSIVE
        began = time.monotonic()
        await one.process.end()
        assert not one.left
        assert time.monotonic() - began < 2.5, "it heeds the end of its standard input"


async def test_a_command_that_is_not_there(tmp_path: Path) -> None:
    async with started(tmp_path, start=("./no-such-program", "--token=x")) as one:
        with pytest.raises(StagewatchError) as caught:
            await one.process.start()
    assert str(caught.value) == (
        "the target can't be started: ./no-such-program --token=x: No such file or directory; "
        "[target] start is its command"
    )
    assert caught.value.exit_code == MALFORMED


async def test_to_call_off_the_start_leaves_nothing(tmp_path: Path) -> None:
    async with started(tmp_path, "late") as one:
        starting = asyncio.create_task(one.process.start())
        await until(lambda: (tmp_path / "pid").exists())
        starting.cancel()
        await asyncio.wait([starting])
        (tmp_path / "go").touch()  # it would read its standard input now
        await one.process.end()
        assert not one.left


def test_who_holds_its_standard_input_is_killed_and_it_ends(tmp_path: Path) -> None:
    """As when a session is: nothing but the pipe tells it."""
    pipe, ours = os.pipe()
    output, theirs = os.pipe()
    pid = os.posix_spawn(
        sys.executable, [sys.executable, str(SCRIPT), str(tmp_path)], dict(os.environ),
        file_actions=[(os.POSIX_SPAWN_DUP2, pipe, 0), (os.POSIX_SPAWN_DUP2, theirs, 1)],
    )  # fmt: skip
    os.close(pipe)
    os.close(theirs)
    os.read(output, 1)
    os.close(ours)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    os.close(output)
