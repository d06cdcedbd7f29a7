"""Whatever a test does to its process costs that one test; the others run, and nothing is left running."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import psutil
import pytest

from tests.engine.host import Hosted, Told, copy_of, make_project, run_engine
from tui.engine import crew
from tui.events import Exit
from tui.plan.model import Plan, Suite, Tier


@pytest.fixture(scope="module")
def pids(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the project's tests write the ids of the processes that they leave running."""
    return tmp_path_factory.mktemp("pids") / "pids"


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, pids: Path) -> Told:
    """One run of all that kills and spoils; a worker that does not end by itself is given half a second."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIDS", str(pids))
        patch.setattr(crew, "FAREWELL", 0.5)
        patch.setattr(crew, "GRACE", 0.5)
        return run_engine(copy_of("faults", tmp_path_factory.mktemp("faults")), workers=2)


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("test_exits[0]", Exit(code=0)),
        ("test_exits[3]", Exit(code=3)),
        ("test_kills_itself", Exit(signal="SIGKILL")),
        ("test_segmentation_fault", Exit(signal="SIGSEGV")),
        ("test_keyboard_interrupt", Exit(code=2)),
    ],
)
def test_a_test_that_takes_its_process_with_it_is_crashed_and_says_how(told: Told, name: str, how: Exit) -> None:
    assert told.outcome(name) == "crashed"
    assert told.test(name).attempts[-1].exit == how


def test_a_test_that_closes_the_descriptors_of_the_agent_is_crashed(told: Told) -> None:
    assert told.outcome("test_closes_all_descriptors") == "crashed"


def test_recursion_to_death_costs_one_test(told: Told) -> None:
    """Newer interpreters end it by a RecursionError."""
    assert told.outcome("test_recursion_in_c") in ("crashed", "failed")


@pytest.mark.parametrize("name", ["test_segmentation_fault"])
def test_a_crash_shows_the_stack_it_happened_in(told: Told, name: str) -> None:
    assert f"in {name}" in told.evidence_of(name).stacks


@pytest.mark.parametrize(
    "name",
    [
        "test_after_exit",
        "test_after_kill",
        "test_after_segmentation_fault",
        "test_after_recursion",
        "test_after_closed_descriptors",
        "test_after_interrupt",
        "test_child_that_returns_into_pytest",
        "test_after_child",
        "test_closes_stdout_and_stderr",
        "test_after_closed_output",
        "test_changes_directory",
        "test_removes_its_directory",
        "test_replaces_stdout",
        "test_after_replaced_stdout",
        "test_handles_signals",
        "test_after_handled_signals",
        "test_prints_much",
        "test_after_much_output",
        "test_fork",
        "test_own_session",
        "test_daemon_with_a_clean_environment",
        "test_thread",
    ],
)
def test_all_others_run(told: Told, name: str) -> None:
    assert told.outcome(name) == "passed"


def test_system_exit_is_a_failure_as_in_pytest(told: Told) -> None:
    assert told.outcome("test_system_exit") == "failed"


@pytest.mark.parametrize("name", ["test_in_another_directory", "test_without_directory"])
def test_a_failure_in_another_directory_has_its_source(told: Told, name: str) -> None:
    assert told.outcome(name) == "failed"
    source = told.evidence_of(name).source
    assert source is not None and any("raise ValueError" in line for line in source.lines)


def test_each_test_has_one_result(told: Told) -> None:
    assert {test.node: len(test.attempts) for test in told.state.present() if len(test.attempts) != 1} == {}


def test_much_output_is_bounded_and_says_so(told: Told) -> None:
    evidence = told.evidence_of("test_prints_much")
    assert len(told.text_of("test_prints_much")) < 200_000
    assert any("stdout" in what for what in evidence.cut)


def test_what_was_left_running_is_ended_and_named(told: Told, pids: Path) -> None:
    left = dict(line.split() for line in pids.read_text().splitlines())
    assert set(left) == {"fork", "session", "daemon"}
    assert not [name for name, pid in left.items() if psutil.pid_exists(int(pid))]
    assert "sleep 1001" in told.notices() and "sleep 1002" in told.notices()


@pytest.fixture(scope="module")
def hung(tmp_path_factory: pytest.TempPathFactory) -> Told:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crew, "GRACE", 0.5)
        return run_engine(copy_of("hangs", tmp_path_factory.mktemp("hangs")), workers=2, limit=1.0)


@pytest.mark.parametrize("name", ["test_sleeps", "test_deaf"])
def test_a_test_over_its_limit_is_ended_and_shows_its_stack(hung: Told, name: str) -> None:
    assert hung.outcome(name) == "timeout"
    assert hung.message(name) == "no result within 1 s"
    assert f"in {name}" in hung.evidence_of(name).stacks


def test_the_stacks_of_all_threads_are_shown(hung: Told) -> None:
    assert "in waits_elsewhere" in hung.evidence_of("test_sleeps").stacks


def test_one_that_is_deaf_to_every_signal_is_killed(hung: Told) -> None:
    assert hung.test("test_deaf").attempts[-1].exit == Exit(signal="SIGKILL")


def test_stacks_are_there_although_the_project_uses_their_timer_itself(tmp_path: Path) -> None:
    """pytest's own ``faulthandler_timeout`` puts another one in its place."""
    project = make_project(tmp_path / "project", test_a="import threading\ndef test_a(): threading.Event().wait()")
    (project / "pytest.ini").write_text("[pytest]\nfaulthandler_timeout = 100\n")
    told = run_engine(project, limit=0.5)
    assert told.outcome("test_a") == "timeout"
    assert "in test_a" in told.evidence_of("test_a").stacks


@pytest.mark.parametrize("name", ["test_after_sleep", "test_after_deaf"])
def test_the_rest_of_a_hung_module_runs(hung: Told, name: str) -> None:
    assert hung.outcome(name) == "passed"


def test_a_worker_that_hangs_at_its_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "FAREWELL", 0.5)
    project = make_project(
        tmp_path / "project",
        conftest="""
            import threading

            class Late:
                def pytest_sessionfinish(self):
                    threading.Event().wait()

            def pytest_runtest_setup(item):
                if not item.config.pluginmanager.hasplugin("late"):
                    item.config.pluginmanager.register(Late(), "late")
        """,
        test_a="def test_passed(): pass",
    )
    told = run_engine(project)
    assert told.outcome("test_passed") == "passed"
    assert "worker 1 did not end by itself" in told.notices()


async def test_a_killed_zygote_costs_the_test_that_ran(tmp_path: Path) -> None:
    project = make_project(
        tmp_path / "project",
        test_a="""
            import threading

            def test_before(): pass
            def test_runs(): threading.Event().wait()
            def test_after(): pass
        """,
        test_b="def test_elsewhere(): pass",
    )
    async with Hosted(project) as hosted:
        running = asyncio.create_task(hosted.run())
        await hosted.until(lambda state: any(t.name == "test_runs" and t.worker for t in state.tests.values()))
        worker = psutil.Process(next(iter(hosted.told.state.workers.values())).pid)
        os.kill(worker.ppid(), signal.SIGKILL)
        told = await running
    assert told.outcomes() == {
        "test_a.py::test_before": "passed",
        "test_a.py::test_runs": "crashed",
        "test_a.py::test_after": "passed",
        "test_b.py::test_elsewhere": "passed",
    }
    assert told.test("test_before").attempts[-1].generation == 1
    assert told.test("test_after").attempts[-1].generation == 2
    assert "the collected process was killed (signal 9)" in told.notices()
    assert not worker.is_running()


def test_each_suite_has_a_limit_of_its_own(tmp_path: Path) -> None:
    """The shorter one counts although a test with a longer one began first."""
    project = make_project(
        tmp_path / "project",
        test_patient="import threading\ndef test_waits(): threading.Event().wait(2)",
        test_strict="import threading\ndef test_waits(): threading.Event().wait()",
    )
    plan = Plan(
        tiers=(Tier("P1"),),
        suites=(
            Suite("patient", "P1", paths=("test_patient.py",), timeout=60.0),
            Suite("strict", "P1", paths=("test_strict.py",), timeout=0.5),
        ),
        source="stagewatch.toml",
    )
    told = run_engine(project, plan=plan, workers=2)
    strict, patient = (told.test(f"test_{name}.py::test_waits").attempts[-1] for name in ("strict", "patient"))
    assert (strict.outcome, patient.outcome) == ("timeout", "passed")
    assert strict.started + strict.duration < patient.started + patient.duration
