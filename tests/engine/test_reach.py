"""A target that does not answer: what has not begun is blocked, and is run when it answers again."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.engine.host import Hosted, Told, make_project
from tui import events as e
from tui.gate import verdict

PROJECT = """
    import pathlib
    import pytest
    DOWN = pathlib.Path(__file__).parent / "down"

    @pytest.mark.parametrize("n", range({count}))
    def test_needs_it(n):
        if n == {loses}: DOWN.touch()
        assert not DOWN.exists(), "refused"
"""


class Asked:
    """A health URL whose answer is a file's absence."""

    url = "http://staging.example/health"

    def __init__(self, down: Path) -> None:
        self.down = down
        self.count = 0

    async def ask(self) -> str | None:
        self.count += 1
        await asyncio.sleep(0)
        return "connection refused" if self.down.exists() else None


def project(tmp_path: Path, count: int = 6, loses: int = -1) -> tuple[Path, Asked]:
    folder = make_project(tmp_path / "project", test_a=PROJECT.format(count=count, loses=loses))
    return folder, Asked(folder / "down")


def judged(told: Told) -> tuple[str, int, str]:
    found = verdict(told.state, told.state.now)
    return found.answer, found.exit_code, found.reasons[0]


CAUSE = "the target does not answer: http://staging.example/health (connection refused)"


async def test_nothing_is_run_against_a_target_that_is_down_and_a_rerun_asks_again(tmp_path: Path) -> None:
    folder, asked = project(tmp_path)
    asked.down.touch()
    async with Hosted(folder) as hosted:
        hosted.engine.meet({}, (), asked)
        told = await hosted.run()
        assert set(told.outcomes().values()) == {"blocked"}
        assert judged(told) == ("inconclusive", 6, CAUSE)
        assert told.message("test_needs_it[0]") == CAUSE
        assert not told.state.workers
        assert isinstance(told.events[-2], e.TestsBlocked) and isinstance(told.events[-1], e.PassEnded)

        await hosted.rerun()
        assert judged(told) == ("inconclusive", 6, CAUSE), "it is asked again, and answers no more than before"
        asked.down.unlink()
        await hosted.rerun()
        assert judged(told)[0] == "go"
        assert [len(test.attempts) for test in told.state.present()] == [3] * 6


async def test_one_that_is_lost_in_the_middle_is_the_one_cause(tmp_path: Path) -> None:
    folder, asked = project(tmp_path, count=400, loses=3)
    async with Hosted(folder) as hosted:
        hosted.engine.meet({}, (), asked)
        told = await hosted.run()
        outcomes = list(told.outcomes().values())
        assert outcomes[:3] == ["passed"] * 3
        assert set(outcomes[3:]) == {"failed", "blocked"}
        assert outcomes.count("blocked") > 0, "the rest is not worth running"
        assert judged(told) == ("inconclusive", 6, CAUSE)
        (lost,) = [event for event in told.events if isinstance(event, e.TargetUnreachable)]
        assert 0 < lost.since <= lost.at

        asked.down.unlink()
        (folder / "test_a.py").write_text((folder / "test_a.py").read_text().replace("n == 3", "n == -1"))
        failed = [test.id for test in told.state.present() if test.outcome != "passed"]
        await hosted.engine.rerun(failed, 0.0, "a test", "failed")
        await hosted.quiet()
        assert judged(told)[0] == "go"


async def test_the_last_test_that_fails_is_not_believed_before_the_target_was_asked(tmp_path: Path) -> None:
    """There is nothing to run after it, and the last answer is younger than the time between two questions."""
    folder, asked = project(tmp_path, count=3, loses=2)
    async with Hosted(folder) as hosted:
        hosted.engine.meet({}, (), asked)
        told = await hosted.run()
        assert told.outcomes()["test_a.py::test_needs_it[2]"] == "failed"
        assert judged(told) == ("inconclusive", 6, CAUSE)


async def test_failures_of_the_tests_own_are_failures(tmp_path: Path) -> None:
    folder = make_project(tmp_path / "project", test_a="def test_a(): assert 0\ndef test_b(): assert 0\n")
    asked = Asked(folder / "down")
    async with Hosted(folder) as hosted:
        hosted.engine.meet({}, (), asked)
        told = await hosted.run()
        assert judged(told)[0] == "no-go"
        assert 2 <= asked.count <= 4
        assert all(isinstance(event, e.TargetAnswered) for event in told.events if "Target" in type(event).__name__)


async def test_without_a_health_url_nobody_asks(tmp_path: Path) -> None:
    folder, asked = project(tmp_path)
    asked.down.touch()
    async with Hosted(folder) as hosted:
        told = await hosted.run()
        assert set(told.outcomes().values()) == {"failed"}


async def test_what_is_cancelled_is_not_blocked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, asked = project(tmp_path)
    asking = asyncio.Event()
    answer = asyncio.Event()

    async def ask() -> str | None:
        asking.set()
        await answer.wait()
        return None

    monkeypatch.setattr(asked, "ask", ask)
    async with Hosted(folder) as hosted:
        hosted.engine.meet({}, (), asked)
        running = asyncio.create_task(hosted.run())
        await asking.wait()
        assert hosted.engine.cancel(), "also while the target is asked"
        answer.set()
        told = await running
        assert set(told.outcomes().values()) <= {"not-run", "cancelled"}
        assert told.state.passes[0].cancelled


async def test_what_tests_find_of_the_target_and_what_is_masked(tmp_path: Path) -> None:
    text = """
        import os
        def test_a():
            print(os.environ["STAGING_BASE_URL"], os.environ["STAGING_USER"])
            raise ValueError(os.environ["STAGING_PASSWORD"])
    """
    folder = make_project(tmp_path / "project", test_a=text)
    found = {"STAGING_BASE_URL": "http://a", "STAGING_USER": "planted-user", "STAGING_PASSWORD": "planted-password"}
    async with Hosted(folder) as hosted:
        hosted.engine.meet(found, ["planted-user", "planted-password"], None)
        told = await hosted.run()
        assert "http://a ‹masked›" in told.text_of("test_a")
        assert told.message("test_a") == "ValueError: ‹masked›"
        assert "planted" not in repr(told.evidence) + repr(told.events)
