"""Plugins that people have: what they do to plain pytest they do here."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.engine.host import Hosted, finished, make_project, plain_pytest, run_engine
from tests.engine.interpreters import with_plugins


@pytest.fixture(scope="session")
def python() -> str:
    return with_plugins()


def ini(project: Path, *lines: str) -> Path:
    (project / "pytest.ini").write_text("\n".join(["[pytest]", *lines, ""]))
    return project


def test_asyncio_and_anyio_with_loops_as_wide_as_a_module_and_a_session(tmp_path: Path, python: str) -> None:
    project = ini(
        make_project(
            tmp_path / "project",
            test_loops="""
                import asyncio, anyio, pytest, pytest_asyncio
                LOOPS = set()

                @pytest_asyncio.fixture(scope="module", loop_scope="module")
                async def module_loop():
                    yield asyncio.get_running_loop()

                @pytest.mark.asyncio(loop_scope="module")
                async def test_one(module_loop):
                    assert asyncio.get_running_loop() is module_loop

                @pytest.mark.asyncio(loop_scope="module")
                async def test_two(module_loop):
                    assert asyncio.get_running_loop() is module_loop

                @pytest.mark.asyncio(loop_scope="session")
                async def test_session_loop(): await asyncio.sleep(0)

                @pytest.mark.asyncio
                async def test_fails(): raise ValueError("in a coroutine")
            """,
            test_anyio="""
                import anyio, pytest
                pytestmark = pytest.mark.anyio

                @pytest.fixture
                def anyio_backend(): return "asyncio"

                @pytest.fixture
                async def group():
                    async with anyio.create_task_group() as group: yield group

                async def test_group(group): group.start_soon(anyio.sleep, 0)
                async def test_fails(): raise ValueError("in a task")
            """,
        ),
        "asyncio_mode = strict",
    )
    told = run_engine(project, python=python, workers=2)
    assert told.outcomes() == {
        "test_loops.py::test_one": "passed",
        "test_loops.py::test_two": "passed",
        "test_loops.py::test_session_loop": "passed",
        "test_loops.py::test_fails": "failed",
        "test_anyio.py::test_group": "passed",
        "test_anyio.py::test_fails": "failed",
    }


@pytest.mark.parametrize(("method", "outcome"), [("signal", "failed"), ("thread", "crashed")])
def test_pytest_timeout_ends_a_test_in_its_own_way(tmp_path: Path, python: str, method: str, outcome: str) -> None:
    """By thread it ends the process, plain pytest's too; here that costs one test."""
    project = ini(
        make_project(
            tmp_path / "project",
            test_a="""
                import threading
                def test_hangs(): threading.Event().wait()
                def test_after(): pass
            """,
        ),
        "timeout = 0.3",
        f"timeout_method = {method}",
    )
    told = run_engine(project, python=python)
    assert told.outcomes() == {"test_a.py::test_hangs": outcome, "test_a.py::test_after": "passed"}


def test_coverage_of_two_workers_is_that_of_plain_pytest(tmp_path: Path, python: str) -> None:
    project = make_project(
        tmp_path / "project",
        shop="""
            def one(): return 1
            def two(): return 2
            def never():
                a = 1
                return a
        """,
        test_one="from shop import one\ndef test_one(): assert one() == 1\n",
        test_two="from shop import two\ndef test_two(): assert two() == 2\n",
    )
    ini(project, "addopts = --cov=shop --cov-report=json")
    plain_pytest(project, python=python)
    report = project / "coverage.json"
    wanted = re.search(r'"totals": {[^}]*}', report.read_text())
    assert wanted is not None and '"missing_lines": 2' in wanted[0]
    report.unlink()
    told = run_engine(project, python=python, workers=2)
    assert set(told.outcomes().values()) == {"passed"}
    got = re.search(r'"totals": {[^}]*}', report.read_text())
    assert got is not None and got[0] == wanted[0]
    assert [path.name for path in project.glob(".coverage*")] == [".coverage"]


def test_a_fixed_seed_gives_the_order_of_plain_pytest(tmp_path: Path, python: str) -> None:
    project = make_project(
        tmp_path / "project",
        **{f"test_{name}": "".join(f"def test_{n}(): pass\n" for n in range(6)) for name in "abc"},
    )
    ini(project, "addopts = -p no:cacheprovider --randomly-seed=7")
    verbose = plain_pytest(project, "-v", python=python).stdout
    plain = re.findall(r"^(\S+::\S+) PASSED", verbose, re.MULTILINE)
    assert len(plain) == 18 and plain != sorted(plain)
    told = run_engine(project, python=python)
    tests = told.state.tests
    assert [tests[event.test].node for event in finished(told)] == plain


def test_what_a_plugin_runs_again_are_attempts(tmp_path: Path, python: str) -> None:
    project = ini(
        make_project(
            tmp_path / "project",
            test_a="""
                TRIES = []
                def test_third_time_lucky():
                    TRIES.append(1)
                    assert len(TRIES) == 3, f"try {len(TRIES)}"
                def test_never(): assert False
                def test_always(): pass
            """,
        ),
        "addopts = --reruns 2",
    )
    told = run_engine(project, python=python)
    attempts = {test.name: [attempt.outcome for attempt in test.attempts] for test in told.state.present()}
    assert attempts == {
        "test_third_time_lucky": ["failed", "failed", "passed"],
        "test_never": ["failed", "failed", "failed"],
        "test_always": ["passed"],
    }
    assert told.test("test_third_time_lucky").is_flaky
    assert told.state.cold_reason is None  # beside pytest-xdist it has a server, which is of no use here


def test_xdist_in_the_options_is_switched_off(tmp_path: Path, python: str) -> None:
    project = ini(
        make_project(
            tmp_path / "project",
            test_a="import os\ndef test_a(): assert 'PYTEST_XDIST_WORKER' not in os.environ\ndef test_b(): pass\n",
        ),
        "addopts = -n 2 --dist loadfile",
    )
    told = run_engine(project, python=python, workers=2)
    assert set(told.outcomes().values()) == {"passed"} and len(told.outcomes()) == 2


DJANGO = {
    "settings": """
        from pathlib import Path
        HERE = Path(__file__).parent
        SECRET_KEY = "not a secret"
        USE_TZ = True
        INSTALLED_APPS = ["shop"]
        DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
        DATABASES = {"default": {
            "ENGINE": "django.db.backends.sqlite3", "NAME": HERE / "db.sqlite3",
            "TEST": {"NAME": HERE / "test_db.sqlite3"},
        }}
    """,
    "shop__models": """
        from django.db import models
        class Item(models.Model):
            name = models.CharField(max_length=20)
    """,
}


async def test_django_workers_have_a_database_each(tmp_path: Path, python: str) -> None:
    tests = """
        import pytest
        from shop.models import Item

        @pytest.mark.django_db
        @pytest.mark.parametrize("n", range(8))
        def test_starts_empty(n):
            assert Item.objects.count() == 0
            Item.objects.create(name=str(n))
            assert Item.objects.count() == 1

        @pytest.mark.django_db(transaction=True)
        def test_commits():
            Item.objects.create(name="kept until the end")
            assert Item.objects.count() == 1

        def test_without_database():
            Item.objects.count()
    """
    project = make_project(tmp_path / "project", **DJANGO, test_a=tests, test_b=tests)
    (project / "shop" / "__init__.py").touch()
    ini(project, "DJANGO_SETTINGS_MODULE = settings", "pythonpath = .")
    async with Hosted(project, python=python, workers=2) as hosted:
        told = await hosted.run()
        outcomes = told.outcomes()
        wrong = {node for node, outcome in outcomes.items() if outcome != "passed"}
        assert wrong == {"test_a.py::test_without_database", "test_b.py::test_without_database"}
        assert "Database access not allowed" in told.message("test_a.py::test_without_database")
        await hosted.rerun()
        assert told.outcomes() == outcomes
    assert not list(project.glob("*.sqlite3*"))


def test_the_hook_for_the_terminal_summary_is_called_in_the_zygote_only(tmp_path: Path) -> None:
    """Nobody reads a worker's, and plugins import half of themselves for it."""
    project = make_project(
        tmp_path / "project",
        conftest="""
            import os, pathlib
            def pytest_terminal_summary():
                with pathlib.Path("summaries").open("a") as log: log.write(f"{os.getpid()}\\n")
        """,
        test_a="import os, pathlib\ndef test_a(): pathlib.Path('zygote').write_text(str(os.getppid()))\n",
    )
    run_engine(project, workers=2)
    assert (project / "summaries").read_text().split() == [(project / "zygote").read_text()]
