"""What a fork says, confirmed by a fresh process: when, and what follows where the two disagree."""

from __future__ import annotations

from pathlib import Path

from tests.engine.host import Hosted, finished, make_project
from tui.engine.warmth import CONFIRMS
from tui.events import Disagreed, PassEnded, WorkerStarted
from tui.gate import verdict
from tui.journal.baseline import Baseline
from tui.plan.model import Plan

FORKED = """
    import os
    IMPORTED_BY = os.getpid()
    def test_pid(): assert os.getpid() == IMPORTED_BY
    def test_beside(): pass
    def test_needs_a_fork(): assert os.getpid() != IMPORTED_BY
"""
"""Fails where it is not run by the process that has imported it."""
OTHER = "def test_fails(): assert False\ndef test_passes(): pass\n"
ALWAYS = Plan(confirm="always")
HAS_DISAGREED = Baseline.nothing()._replace(has_disagreed=True)


def project(folder: Path) -> Path:
    return make_project(folder / "project", test_forked=FORKED, test_other=OTHER)


def said(hosted: Hosted, name: str) -> list[tuple[str, bool, bool]]:
    """Of each attempt: its outcome, whether it was warm, and whether it was to be confirmed."""
    attempts = hosted.told.test(name).attempts
    return [(a.outcome, a.cold_reason is None, a.unconfirmed) for a in attempts]


async def test_what_fails_only_in_a_fork_is_a_disagreement_and_runs_cold_from_then_on(tmp_path: Path) -> None:
    async with Hosted(project(tmp_path), plan=ALWAYS) as hosted:
        told = await hosted.run()
        assert said(hosted, "test_pid") == [("failed", True, False)], "a first run is not confirmed"

        await hosted.rerun("test_pid", "test_fails", "test_passes")

        assert said(hosted, "test_pid") == [("failed", True, False), ("failed", True, True), ("passed", False, False)]
        assert said(hosted, "test_fails")[1:] == [("failed", True, True), ("failed", False, False)]
        assert said(hosted, "test_passes")[1:] == [("passed", True, False)]
        cold = told.test("test_pid").attempts[-1]
        assert (cold.cold_reason, cold.age, cold.contradicted) == (CONFIRMS, None, "failed")
        disagreed = [event for event in told.events if isinstance(event, Disagreed)]
        assert [(one.path, one.warm, one.cold) for one in disagreed] == [("test_forked.py", "failed", "passed")]
        ended = [event for event in told.events if isinstance(event, PassEnded)]
        assert told.events.index(disagreed[0]) < told.events.index(ended[-1]), "the pass waits for it"
        assert len([event for event in told.events if isinstance(event, WorkerStarted) and event.cold_reason]) == 1

        await hosted.rerun("test_pid", "test_beside", "test_passes")
        for name in ("test_pid", "test_beside"):
            last = told.test(name).attempts[-1]
            assert (last.outcome, last.cold_reason) == ("passed", "warm and cold disagree here")
        assert told.test("test_passes").attempts[-1].cold_reason is None

        await hosted.rerun("test_needs_a_fork")
        assert said(hosted, "test_needs_a_fork") == [("passed", True, False), ("failed", False, False)]
        assert told.test("test_needs_a_fork").attempts[-1].contradicted == "passed", "the other way round it is one too"

        hosted.engine.trust(["test_forked.py"])
        await hosted.rerun("test_beside")
        assert told.test("test_beside").attempts[-1].cold_reason is None


async def test_a_module_that_is_known_for_it_runs_cold_in_the_first_run_too(tmp_path: Path) -> None:
    past = HAS_DISAGREED._replace(distrusted=frozenset({"test_forked.py"}))
    async with Hosted(project(tmp_path), workers=2, usual=past) as hosted:
        told = await hosted.run()
        assert said(hosted, "test_pid") == [("passed", False, False)]
        assert {test.name: test.attempts[0].cold_reason is None for test in told.state.present()} == {
            "test_pid": False, "test_beside": False, "test_needs_a_fork": False,
            "test_fails": True, "test_passes": True,
        }  # fmt: skip
        await hosted.rerun("test_fails")
        assert said(hosted, "test_fails")[1:] == [("failed", True, True), ("failed", False, False)], "they once have"


async def test_what_was_collected_ahead_after_an_edit_is_confirmed_likewise(tmp_path: Path) -> None:
    beside = {f"test_beside_{n}": "def test_it(): pass" for n in range(3)}
    made = make_project(tmp_path / "project", test_forked="def test_pid(): pass", **beside)
    async with Hosted(made, plan=ALWAYS) as hosted:
        await hosted.run()
        make_project(made, test_forked=FORKED)
        told = await hosted.rerun("test_pid")
        assert said(hosted, "test_pid") == [("passed", True, False), ("failed", True, True), ("passed", False, False)]
        assert [event.path for event in told.events if isinstance(event, Disagreed)] == ["test_forked.py"]
        assert told.outcomes()["test_forked.py::test_beside"] == "passed", "what the edit brought ran too"


async def test_a_crash_in_a_fork_is_confirmed_too(tmp_path: Path) -> None:
    dies = "import os\nIMPORTED_BY = os.getpid()\ndef test_dies(): os.getpid() == IMPORTED_BY or os._exit(3)\n"
    async with Hosted(make_project(tmp_path / "project", test_dies=dies), plan=ALWAYS) as hosted:
        await hosted.run()
        told = await hosted.rerun("test_dies")
        assert said(hosted, "test_dies")[1:] == [("crashed", True, True), ("passed", False, False)]
        assert told.test("test_dies").has_disagreed


async def test_a_fresh_process_that_finds_an_edited_project_contradicts_nothing(tmp_path: Path) -> None:
    """The edit comes while the fork runs: what the fresh process collects is another test."""
    edits = """
        import os, pathlib
        import helper
        IMPORTED_BY = os.getpid()
        def test_edits():
            if os.getpid() != IMPORTED_BY:
                pathlib.Path("helper.py").write_text("VALUE = 2\\n")
                assert False
    """
    made = make_project(tmp_path / "project", helper="VALUE = 1\n", test_edits=edits)
    async with Hosted(made, plan=ALWAYS) as hosted:
        await hosted.run()
        (made / "helper.py").write_text("VALUE = 1\n")
        told = await hosted.rerun("test_edits")
        assert said(hosted, "test_edits")[1:] == [("failed", True, True), ("passed", False, False)]
        assert not [event for event in told.events if isinstance(event, Disagreed)]
        await hosted.rerun("test_edits")
        assert told.test("test_edits").attempts[-2].cold_reason is None, "its module is still forked"


async def test_what_is_cancelled_before_it_is_confirmed_is_never_go_nor_a_failure(tmp_path: Path) -> None:
    passes_once = """
        import os, pathlib
        def test_second():
            if "PYTEST_CURRENT_TEST" in os.environ and pathlib.Path("armed").exists():
                assert False
    """
    made = make_project(tmp_path / "project", test_second=passes_once)
    async with Hosted(made, plan=ALWAYS) as hosted:
        told = await hosted.run()
        (made / "armed").write_text("")
        test = told.test("test_second").id
        await hosted.engine.rerun([test], 1.0, "a test", "tests")
        await hosted.until(lambda state: len(state.tests[test].attempts) == 2)
        waiting = verdict(told.state, told.state.now)
        hosted.engine.cancel()
        await hosted.quiet()
        found = verdict(told.state, told.state.now)

    assert [line.what for line in waiting.not_checked] == ["unconfirmed"]
    assert [event.outcome for event in finished(told)][:2] == ["passed", "failed"]
    assert found.answer == "inconclusive"
