"""Reruns and cancellations while something runs."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.engine.host import Hosted, make_project
from tui.engine.orphans import marked
from tui.errors import StagewatchError
from tui.events import PassEnded
from tui.plan.model import Plan, Suite, Tier
from tui.state import RunState

WAITS = """
    import os, pathlib
    def test_waits(): pathlib.Path(os.environ["GATE"]).read_text()
    def test_next(): pass
"""


@pytest.fixture
def gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A test that waits does so until something is written here."""
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    monkeypatch.setenv("GATE", str(gate))
    return gate


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(
        tmp_path / "project", test_a="def test_first(): assert False", test_b=WAITS, test_c="def test_c(): pass"
    )


@pytest.fixture
async def waiting(project: Path, gate: Path) -> AsyncIterator[tuple[Hosted, asyncio.Task[object]]]:
    """An engine whose one worker is in ``test_waits``."""
    async with Hosted(project) as hosted:
        running: asyncio.Task[object] = asyncio.create_task(hosted.run())
        await hosted.until(is_waiting)
        yield hosted, running


def is_waiting(state: RunState) -> bool:
    return any(test.name == "test_waits" and test.status == "running" for test in state.tests.values())


Waiting = tuple[Hosted, asyncio.Task[object]]


async def test_a_rerun_comes_before_what_waits(waiting: Waiting, gate: Path) -> None:
    hosted, running = waiting
    first = hosted.told.test("test_first")
    assert await hosted.engine.rerun([first.id], 1.0, "a test", "tests") == (2, 1, ())
    gate.write_text("")
    await running
    order = [test for test in hosted.told.state.present() if test.name in ("test_first", "test_c")]
    assert order[0].attempts[1].started < order[1].attempts[0].started
    assert order[0].attempts[1].requested == 1.0
    assert not hosted.told.state.is_running


async def test_what_waits_already_is_not_queued_twice(waiting: Waiting, gate: Path) -> None:
    hosted, running = waiting
    ids = [hosted.told.test(name).id for name in ("test_waits", "test_next", "test_c")]
    assert await hosted.engine.rerun(ids, 1.0, "a test", "tests") == (0, 0, ())
    gate.write_text("")
    await running
    assert [len(test.attempts) for test in hosted.told.state.present()] == [1, 1, 1, 1]


async def test_a_rerun_with_an_edit_waits_for_what_runs_and_sees_the_edit(
    waiting: Waiting, project: Path, gate: Path
) -> None:
    hosted, running = waiting
    first = hosted.told.test("test_first")
    (project / "test_a.py").write_text("def test_first(): pass")
    asked = asyncio.create_task(hosted.engine.rerun([first.id], 1.0, "a test", "tests"))
    await hosted.until(lambda state: any("test_a.py changed" in text for _, text, _ in state.notices))
    gate.write_text("")
    await asked
    await running
    await hosted.quiet()
    assert [attempt.outcome for attempt in first.attempts] == ["failed", "passed"]
    assert hosted.told.outcome("test_c") == "passed"
    assert not hosted.told.state.is_running


async def test_one_test_is_cancelled_and_the_rest_runs(waiting: Waiting) -> None:
    hosted, running = waiting
    assert hosted.engine.cancel(hosted.told.test("test_waits").id)
    await running
    assert hosted.told.outcomes() == {
        "test_a.py::test_first": "failed",
        "test_b.py::test_waits": "cancelled",
        "test_b.py::test_next": "passed",
        "test_c.py::test_c": "passed",
    }
    assert not hosted.engine.cancel(hosted.told.test("test_c").id)


async def test_a_cancelled_run_leaves_the_rest_not_run_and_can_be_gone_on_with(waiting: Waiting, gate: Path) -> None:
    hosted, running = waiting
    assert hosted.engine.cancel()
    await running
    assert [test.outcome for test in hosted.told.state.present()] == ["failed", "cancelled", "not-run", "not-run"]
    assert [event.cancelled for event in hosted.told.events if isinstance(event, PassEnded)] == [True]
    assert not hosted.engine.cancel()
    assert (await hosted.rerun("test_c")).outcome("test_c") == "passed"


async def test_a_run_is_closed_in_the_middle_of_a_test(waiting: Waiting) -> None:
    """What has to be gone by then is looked for when the host is left."""
    hosted, running = waiting
    await hosted.engine.close([], [])
    running.cancel()
    assert hosted.told.outcome("test_waits") == "cancelled"


async def test_a_rerun_that_comes_to_nothing_leaves_no_pass_open(waiting: Waiting, project: Path, gate: Path) -> None:
    hosted, running = waiting
    first = hosted.told.test("test_first")
    (project / "test_a.py").unlink()
    rerun = asyncio.create_task(hosted.engine.rerun([first.id], 1.0, "a test", "tests"))
    await hosted.until(lambda state: any("collected anew" in text for _, text, _ in state.notices))
    gate.write_text("")
    assert await rerun == (0, 0, ("test_a.py",))
    await running
    assert not hosted.told.state.is_running
    assert [each.ended is not None for each in hosted.told.state.passes] == [True]


async def test_a_cancel_closes_every_open_pass(waiting: Waiting) -> None:
    hosted, running = waiting
    await hosted.engine.rerun([hosted.told.test("test_first").id], 1.0, "a test", "tests")
    assert hosted.engine.cancel()
    await running
    state = hosted.told.state
    assert [(each.number, each.cancelled, each.ended is not None) for each in state.passes] == [
        (1, True, True),
        (2, True, True),
    ]
    assert not any(test.queued for test in state.present())


async def test_a_cancel_also_cancels_the_rerun_that_waits_to_collect(waiting: Waiting, project: Path) -> None:
    hosted, running = waiting
    (project / "test_a.py").write_text("def test_first(): pass\n")
    rerun = asyncio.create_task(hosted.engine.rerun([hosted.told.test("test_first").id], 1.0, "a test", "tests"))
    await hosted.until(lambda state: any("collected anew" in text for _, text, _ in state.notices))
    hosted.engine.cancel()
    with pytest.raises(StagewatchError, match="cancelled before it began"):
        await rerun
    await running
    assert hosted.told.state.generation == 1
    assert not hosted.told.state.is_running


async def test_a_zygote_that_dies_while_a_rerun_waits_holds_nothing_up(waiting: Waiting, project: Path) -> None:
    hosted, running = waiting
    (project / "test_a.py").write_text("def test_first(): pass\n")
    rerun = asyncio.create_task(hosted.engine.rerun([hosted.told.test("test_first").id], 1.0, "a test", "tests"))
    await hosted.until(lambda state: any("collected anew" in text for _, text, _ in state.notices))
    [zygote] = [child for child in marked(hosted.mark) if "-m" in child.cmdline() and child.ppid() == os.getpid()]
    zygote.kill()
    assert (await rerun)[1] == 1
    await running
    assert hosted.told.outcome("test_waits") == "crashed"
    assert hosted.told.outcome("test_first") == "passed"
    assert hosted.told.outcome("test_c") == "passed", "what was left goes on in the new generation"


async def test_the_next_test_is_not_blamed_for_one_that_answers_its_end(tmp_path: Path) -> None:
    project = make_project(
        tmp_path / "p",
        test_a="""
            import signal, sys, time
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
            def test_late(): time.sleep(60)
            def test_innocent(): pass
        """,
    )
    async with Hosted(project, limit=1.0) as hosted:
        told = await hosted.run()
    assert told.outcomes() == {"test_a.py::test_late": "timeout", "test_a.py::test_innocent": "passed"}


async def test_collecting_in_a_fresh_process_is_no_test_s_time(tmp_path: Path) -> None:
    project = make_project(
        tmp_path / "p",
        test_a="""
            import socket, time
            KEPT = socket.socket()
            time.sleep(1.2)
            def test_quick(): pass
        """,
    )
    async with Hosted(project, limit=1.0) as hosted:
        told = await hosted.run()
    assert told.outcomes() == {"test_a.py::test_quick": "passed"}
    assert told.test("test_quick").attempts[0].cold_reason == "a socket opened during collection"


async def test_after_an_exclusive_suite_all_workers_run(tmp_path: Path) -> None:
    waits = "import time\ndef test_it(): time.sleep(0.2)"
    others = {f"tests__other__test_{number}": waits for number in range(6)}
    project = make_project(tmp_path / "p", tests__alone__test_0="def test_it(): pass", **others)
    plan = Plan(
        source="stagewatch.toml",
        tiers=(Tier("P1", order=1), Tier("P2", order=2)),
        suites=(
            Suite("alone", "P1", paths=("tests/alone",), exclusive=True),
            Suite("other", "P2", paths=("tests/other",)),
        ),
    )
    (project / "pytest.ini").write_text("[pytest]\naddopts = --import-mode=importlib\n")
    async with Hosted(project, workers=3, plan=plan) as hosted:
        told = await hosted.run()
    assert set(told.outcomes().values()) == {"passed"}
    assert len({test.attempts[0].worker for test in told.state.present() if test.suite == "other"}) == 3
