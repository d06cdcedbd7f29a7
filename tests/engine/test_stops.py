"""What ends a run early, what there is when nothing can run, and the exit codes of it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.engine.host import Hosted, Told, command, make_project, run_engine

THREE = """
    def test_first(): pass
    def test_second(): assert False
    def test_third(): pass
"""


@pytest.mark.parametrize("option", ["-x", "--maxfail=1"])
def test_a_stop_at_the_first_failure_leaves_the_rest_not_run(tmp_path: Path, option: str) -> None:
    project = make_project(tmp_path / "project", test_a=THREE, test_b=THREE)
    (project / "pytest.ini").write_text(f"[pytest]\naddopts = {option}\n")
    told = run_engine(project)
    assert list(told.outcomes().values()) == ["passed", "failed", "not-run", "not-run", "not-run", "not-run"]
    assert "pytest stopped the run: stopping after 1 failures" in told.notices()


def test_pytest_exit_ends_the_run_and_says_why(tmp_path: Path) -> None:
    project = make_project(
        tmp_path / "project",
        test_a="""
            import pytest
            def test_first(): pass
            def test_exits(): pytest.exit("the environment is gone")
            def test_third(): pass
        """,
        test_b="def test_elsewhere(): pass",
    )
    told = run_engine(project)
    assert told.outcome("test_first") == "passed"
    assert told.outcome("test_exits") == "crashed"
    assert told.outcome("test_third") == told.outcome("test_elsewhere") == "not-run"
    assert "the environment is gone" in told.notices()


def test_a_stop_reaches_a_worker_in_the_middle_of_a_module(tmp_path: Path) -> None:
    """It leaves the rest of what it was handed; the test that it is in comes to its end."""
    project = make_project(
        tmp_path / "project",
        conftest="""
            import os, pathlib, pytest
            FIFO = pathlib.Path(__file__).with_name("fifo")

            def pytest_configure(config):
                if not FIFO.exists(): os.mkfifo(FIFO)

            @pytest.fixture
            def fifo(): return FIFO
        """,
        test_a="""
            def test_fails(fifo):
                fifo.read_text()
                assert False
        """,
        test_b="""
            import os, pytest, time

            def test_under_way(fifo):
                fifo.write_text("now")
                while fifo.parent.joinpath("stopped").exists() is False: time.sleep(0.01)

            @pytest.mark.parametrize("number", range(100))
            def test_left(number): time.sleep(0.02)  # the word to stop needs a moment, on its way through two processes
        """,
    )

    async def run() -> Told:
        async with Hosted(project, "-x", workers=2) as hosted:
            running = asyncio.create_task(hosted.run())
            await hosted.until(lambda state: any("stopped the run" in text for _, text, _ in state.notices))
            (project / "stopped").touch()
            return await running

    told = asyncio.run(run())
    assert (told.outcome("test_fails"), told.outcome("test_under_way")) == ("failed", "passed")
    assert told.outcome("test_left[99]") == "not-run"
    assert not [test.node for test in told.state.present() if test.status == "running"]


def test_a_project_without_tests_is_inconclusive(tmp_path: Path) -> None:
    ran = command(make_project(tmp_path / "project"))
    assert ran.code == 4
    assert ran.document["tests"] == []


def test_an_option_that_pytest_does_not_know_is_refused_in_its_own_words(tmp_path: Path) -> None:
    ran = command(make_project(tmp_path / "project", test_a=THREE), "--", "--no-such-option")
    assert ran.code == 2
    assert "unrecognized arguments: --no-such-option" in ran.error


def test_a_path_that_is_not_there_is_refused(tmp_path: Path) -> None:
    ran = command(make_project(tmp_path / "project", test_a=THREE), "no_such_file.py")
    assert ran.code == 2
    assert "no_such_file.py" in ran.error


def test_a_conftest_that_can_not_be_imported_is_a_result(tmp_path: Path) -> None:
    ran = command(make_project(tmp_path / "project", conftest="import no_such_module", test_a=THREE))
    assert ran.code == 1
    assert ran.outcomes() == {"conftest.py": "error"}
    assert "no_such_module" in ran.document["collection_errors"][0]["message"]


def test_a_conftest_in_a_folder_that_can_not_be_imported_costs_that_folder(tmp_path: Path) -> None:
    project = make_project(tmp_path / "project", sub__conftest="import no_such_module", sub__test_a=THREE, test_b=THREE)
    told = run_engine(project)
    assert told.outcome("test_b.py::test_first") == "passed"
    assert told.outcome("sub") == "error"


def test_a_module_that_does_not_parse_does_not_keep_the_others_from_running(tmp_path: Path) -> None:
    told = run_engine(make_project(tmp_path / "project", test_a="def broken(:", test_b="def test_runs(): pass"))
    assert told.outcomes() == {"test_b.py::test_runs": "passed", "test_a.py": "error"}
    assert "SyntaxError" in told.message("test_a.py")


def test_a_collection_error_under_stop_at_first_names_the_module(tmp_path: Path) -> None:
    told = run_engine(make_project(tmp_path / "project", test_a="import no_such", test_b="def test_b(): pass"), "-x")
    assert told.outcome("test_a.py") == "error"
    assert "passed" not in told.outcomes().values()


def test_a_plugin_that_ends_pytest_at_its_start_is_a_result(tmp_path: Path) -> None:
    project = make_project(
        tmp_path / "project",
        conftest="""
            import pytest
            def pytest_sessionstart(session): pytest.exit("no licence", returncode=7)
        """,
        test_a=THREE,
    )
    told = run_engine(project)
    assert list(told.outcomes().values()) == ["error"]
    assert "no licence" in told.message(".")
