"""Reruns and cancellations while something runs."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.engine.host import Hosted, make_project
from tui.events import PassEnded
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
    assert await hosted.engine.rerun([first.id], 1.0, "a test", "tests") == (2, 1)
    gate.write_text("")
    await running
    order = [test for test in hosted.told.state.present() if test.name in ("test_first", "test_c")]
    assert order[0].attempts[1].started < order[1].attempts[0].started
    assert order[0].attempts[1].requested == 1.0
    assert not hosted.told.state.is_running


async def test_what_waits_already_is_not_queued_twice(waiting: Waiting, gate: Path) -> None:
    hosted, running = waiting
    ids = [hosted.told.test(name).id for name in ("test_waits", "test_next", "test_c")]
    assert await hosted.engine.rerun(ids, 1.0, "a test", "tests") == (2, 0)
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
