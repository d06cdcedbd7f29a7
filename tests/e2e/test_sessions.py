"""Sessions: left and come back to, listed, ended, watched by several, and never met by strangers."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import msgspec
import pytest

from tests.e2e.user import GATED, GREEN, MIXED, User, bearing, until
from tui import launch
from tui.client.live import LiveFeed
from tui.plan.model import Plan, Selection
from tui.protocol import Accepted, Refused, Rerun
from tui.session.request import RunRequest
from tui.state import RunState


def waits(user: User, root: Path) -> bool:
    return user.outcomes(root).get("test_waits") == "running"


def _results(out: str) -> list[str]:
    """The lines of single results."""
    return [line for line in out.splitlines() if re.match(r"(passed|failed) +\d+\.\d\ds ", line)]


class TestAProjectThatRuns:
    """One run that stands still in the middle, looked at from all sides, then let go."""

    def test_from_outside(self, user: User) -> None:
        root = user.project("gated", GATED)
        begun = user.begin("--detach", cwd=root)
        out, err = begun.communicate(timeout=30)
        assert (begun.returncode, err) == (0, "")
        record = user.session()
        assert out == f"started; watch it: stagewatch attach {record.name}\n"
        until(lambda: waits(user, root))

        listed = user.type("sessions", cwd=user.home)
        assert f"{record.name}  iteration 1 of {root}  since " in listed.out
        document = user.type("sessions", "--json", "-", cwd=user.home).document
        assert document["version"] == 1
        assert [one["name"] for one in document["sessions"]] == [record.name]

        second = user.run(cwd=root)
        assert second.code == 2
        assert second.err == (
            f"stagewatch: {record.name} is running this project already: "
            "`stagewatch attach` joins it, `stagewatch stop` ends it\n"
        )
        other = user.project("other", GREEN)
        assert user.run(cwd=other).code == 0, "another project does not meet it"

        stranger = User(user.home / "stranger")
        assert stranger.type("sessions", cwd=root).out == "no session is alive\n"
        assert stranger.run("-k", "first", cwd=root).code == 0, "nor does another user"

        # Attached in the middle: what was before is told, and what comes then.
        attached = user.start("attach", record.name, "--headless", cwd=user.home)
        assert attached.stdout is not None
        for line in attached.stdout:
            if "test_fails" in line:
                break
        user.open_gate()
        out, err = attached.communicate(timeout=30)
        assert (attached.returncode, err) == (1, "")
        assert [line.split("::")[1] for line in _results(out)] == ["test_waits", "test_last"]
        assert "4 tests: 3 passed, 1 failed" in out
        assert f"come back: stagewatch attach {record.name}" in out

        ended = user.type("stop", cwd=root)
        assert (ended.code, ended.out) == (0, f"{record.name} has ended\n")
        assert not bearing(record.mark)
        assert not user.sessions()
        assert not Path(record.socket).exists()

        # After its end the same is told from the journal.
        again = user.type("attach", "--headless", cwd=root)
        assert again.code == 1
        assert len(_results(again.out)) == 4
        assert _results(again.out)[-2:] == _results(out)
        assert "4 tests: 3 passed, 1 failed" in again.out

    def test_stop_ends_what_it_runs(self, user: User) -> None:
        root = user.project("gated", GATED)
        watching = user.begin("--headless", cwd=root)
        record = user.session()
        until(lambda: waits(user, root))
        until(lambda: any("sleep" in line for line in bearing(record.mark)))
        assert user.type("stop", record.name, cwd=user.home).code == 0
        assert not bearing(record.mark)
        out, _ = watching.communicate(timeout=30)
        assert watching.returncode == 130
        assert "interrupted" in out
        state = user.recorded(root)
        assert state.interrupted and "stopped it" in state.end_reason


class TestReruns:
    def test_a_kept_session_reruns_for_other_processes_and_gives_way_to_the_next_run(self, user: User) -> None:
        root = user.project("mixed", MIXED)
        first = user.run("--headless", "--keep", cwd=root)
        assert first.code == 1

        again = user.type("rerun", "--failed", "--headless", "--json", "-", cwd=root)
        assert again.code == 1
        assert again.err.splitlines()[0] == "3 tests run again"
        attempts = {test["id"]: len(test["attempts"]) for test in again.document["tests"]}
        assert attempts["test_mixed.py::test_fails"] == 2
        assert attempts["test_mixed.py::test_passes"] == 1

        one = user.type("rerun", "test_mixed.py::test_many[1]", "--headless", "--json", "-", cwd=root)
        assert one.err.splitlines()[0] == "1 test runs again"
        attempts = {test["id"]: len(test["attempts"]) for test in one.document["tests"]}
        assert attempts["test_mixed.py::test_many[1]"] == 2

        module = user.type("rerun", "test_mixed.py", "--headless", "--json", "-", cwd=root)
        assert module.code == 1
        assert {len(test["attempts"]) >= 2 for test in module.document["tests"] if "test_mixed" in test["id"]} == {True}

        unknown = user.type("rerun", "$(touch x)", cwd=root)
        assert (unknown.code, unknown.err) == (2, "stagewatch: there is no test $(touch x) in this run\n")

        following = user.run(cwd=root)
        assert following.code == 1, following
        assert "iteration  2 of mixed" in following.out
        assert not user.sessions(), "the one that was kept has given way"
        assert user.recorded(root, 1).end_reason.endswith("stopped it")


def test_a_session_that_nobody_watches_ends_by_itself(user: User) -> None:
    root = user.project("green", GREEN)
    request = RunRequest(
        session="green-idle", root=str(root), cwd=str(root), plan=Plan(), selection=Selection(), partial=False,
        python=sys.executable, requested=time.time(), by="ann", workers=1, unwatched_for=0.2,
    )  # fmt: skip
    with user.at_home():
        launch.start_session(request)
    until(lambda: not user.sessions())
    state = user.recorded(root)
    assert state.ended is not None and not state.interrupted
    assert state.end_reason == "nobody had watched for a while"


def test_a_newer_stagewatch_can_at_least_end_an_older_ones_session(user: User) -> None:
    root = user.project("green", GREEN)
    assert user.run("--headless", "--keep", cwd=root).code == 0
    record = user.session()
    newer = (
        "import tui.client.live as live\n"
        "live.VERSION += 1\n"
        "from tui.cli import main\n"
        "import sys\n"
        "raise SystemExit(main(sys.argv[1:]))\n"
    )

    def typed(command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-P", "-c", newer, command], cwd=root, env=user.env, capture_output=True, text=True
        )

    refused = typed("attach")
    assert (refused.returncode, refused.stderr) == (
        2, "stagewatch: this session is of an older Stagewatch than yours: end it with `stagewatch stop`\n"
    )  # fmt: skip
    assert typed("stop").stdout == f"{record.name} has ended\n"
    assert not user.sessions()
    assert not user.recorded(root).is_cut_short


@pytest.mark.parametrize("runtime", [None, "r" * 100], ids=["none", "too long"])
def test_without_a_usable_runtime_folder_the_socket_finds_a_place(user: User, runtime: str | None) -> None:
    user.env["XDG_STATE_HOME"] = str(user.home / ("s" * 100))
    del user.env["XDG_RUNTIME_DIR"]
    if runtime is not None:
        (user.home / runtime).mkdir()
        user.env["XDG_RUNTIME_DIR"] = str(user.home / runtime)
    root = user.project("green", GREEN)
    assert user.run("--headless", "--keep", cwd=root).code == 0
    record = user.session()
    socket = Path(record.socket)
    assert len(record.socket) < 108
    assert socket.parent.stat().st_mode & 0o777 == 0o700
    assert socket.stat().st_mode & 0o777 == 0o600
    assert user.type("attach", record.name, "--headless", cwd=root).code == 0
    assert user.type("stop", record.name, cwd=root).code == 0
    assert not socket.parent.exists(), "the folder was made for it alone"


class TestSeveralViewers:
    async def test_one_drives_and_when_it_leaves_the_next_does(self, user: User) -> None:
        root = user.project("green", GREEN)
        assert user.run("--headless", "--keep", cwd=root).code == 0
        socket = Path(user.session().socket)
        first = await LiveFeed.connect(socket)
        second = await LiveFeed.connect(socket)
        watcher = await LiveFeed.connect(socket, read_only=True)
        reading = [asyncio.create_task(_read(feed)) for feed in (first, second, watcher)]
        assert first.read_only is None
        assert second.read_only is not None and second.read_only.endswith(" drives")
        assert watcher.read_only is not None
        refusal = await second.send(Rerun("all"))
        assert isinstance(refusal, Refused) and "drives this session; you watch" in refusal.why
        assert await watcher.send(Rerun("all")) == Refused("you watch read-only", id=1)

        await first.close()
        await _until(lambda: second.read_only is None)
        accepted = await second.send(Rerun("all"))
        assert isinstance(accepted, Accepted) and accepted.what == "2 tests run again"
        await _until(lambda: len(second.state.passes) == 2 and not second.state.is_running)
        assert await second.evidence(1, 1) is None, "a plain pass leaves nothing behind"
        await second.close()
        await _until(lambda: len(watcher.state.passes) == 2 and not watcher.state.is_running)
        assert watcher.read_only is not None, "who only watches is not made to drive"
        for task in reading:
            task.cancel()
        await watcher.close()

    async def test_snapshot_and_what_follows_is_the_same_as_all_events(self, user: User) -> None:
        root = user.project("gated", GATED)
        begun = user.begin("--detach", cwd=root)
        begun.communicate(timeout=30)
        socket = Path(user.session().socket)
        early = await LiveFeed.connect(socket)
        reading = [asyncio.create_task(_read(early))]
        await _until(lambda: any(t.status == "running" and t.name == "test_waits" for t in early.state.present()))
        late = await LiveFeed.connect(socket)
        reading.append(asyncio.create_task(_read(late)))
        user.open_gate()
        await _until(lambda: not early.state.is_running and late.state.seq == early.state.seq)
        assert _plain(late.state) == _plain(early.state)
        await asyncio.to_thread(user.type, "stop", cwd=root)
        await asyncio.gather(*reading)
        assert _plain(late.state) == _plain(early.state) == _plain(user.recorded(root))
        for feed in (early, late):
            assert feed.farewell is not None and "stopped it" in feed.farewell
            await feed.close()


async def _read(feed: LiveFeed) -> None:
    async for _ in feed.updates():
        pass


async def _until(condition: Callable[[], object], patience: float = 30.0) -> None:
    async with asyncio.timeout(patience):
        while not condition():
            await asyncio.sleep(0.01)


def _plain(state: RunState) -> object:
    return json.loads(msgspec.json.encode(state))


class TestACanary:
    FILES: ClassVar = {
        "test_it.py": """
import pathlib, pytest
HERE = pathlib.Path(__file__).parent

@pytest.mark.parametrize("n", range(4))
def test_many(n): assert (HERE / "mended").exists(), "the same thing"
""",
    }

    async def ask(self, socket: Path) -> None:
        feed = await LiveFeed.connect(socket, commands=True)
        updates = feed.updates()
        asked = asyncio.create_task(feed.send(Rerun("failed", canary=True)))
        while not asked.done():
            await anext(updates)
        assert isinstance(asked.result(), Accepted)
        await feed.close()

    def test_the_rest_runs_only_if_it_passes(self, user: User) -> None:
        root = user.project("shop", self.FILES)
        assert user.run("--headless", "--keep", cwd=root).code == 1
        socket = Path(user.session().socket)
        with user.at_home():
            asyncio.run(self.ask(socket))
        said = "the canary did not pass: 3 tests that failed alike did not run again"
        until(lambda: any(text == said for _, text, _ in user.recorded(root).notices))
        assert [len(test.attempts) for test in user.recorded(root).present()] == [2, 1, 1, 1]
        (root / "mended").touch()
        with user.at_home():
            asyncio.run(self.ask(socket))
        until(lambda: not user.recorded(root).failing())
        state = user.recorded(root)
        assert [len(test.attempts) for test in state.present()] == [3, 2, 2, 2]
        assert [each.what for each in state.passes] == ["all", "canary", "canary", "failed"]
        assert state.passes[-1].by.endswith(", after the canary")
