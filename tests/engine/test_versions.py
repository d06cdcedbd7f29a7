"""The oldest and the middle of what is supported; the newest is what all other tests here run."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.engine.host import Hosted, Told, copy_of, make_project, run_engine
from tests.engine.interpreters import of_version
from tests.engine.test_outcomes import EXPECTED

VERSIONS = {"pytest-7.4-on-3.9": ("3.9", "pytest==7.4.*"), "pytest-8.4-on-3.9": ("3.9", "pytest==8.4.*")}
NEWER = ("test_subtests.py", "test_async.py")
"""Subtests came with pytest 9; the plugins for coroutines are not installed here."""


@pytest.fixture(scope="module", params=VERSIONS.values(), ids=VERSIONS.keys())
def python(request: pytest.FixtureRequest) -> str:
    return of_version(*request.param)


@pytest.fixture(scope="module")
def told(python: str, tmp_path_factory: pytest.TempPathFactory) -> Told:
    project = copy_of("outcomes", tmp_path_factory.mktemp("outcomes"))
    for name in NEWER:
        (project / name).unlink()
    (project / "pytest.ini").write_text("[pytest]\naddopts = --doctest-modules\n")
    return run_engine(project, python=python, workers=2)


def test_outcomes_are_those_of_the_newest(told: Told) -> None:
    expected = {node: outcome for node, outcome in EXPECTED.items() if not node.startswith(NEWER)}
    assert told.outcomes() == expected


def test_a_crash_a_timeout_and_a_rerun_after_an_edit(python: str, tmp_path: Path) -> None:
    project = make_project(
        tmp_path / "project",
        test_a="""
            import os, threading
            def test_exits(): os._exit(3)
            def test_hangs(): threading.Event().wait()
            def test_after(): pass
        """,
    )

    async def run() -> Told:
        async with Hosted(project, python=python, limit=1.0) as hosted:
            told = await hosted.run()
            assert told.outcomes() == {
                "test_a.py::test_exits": "crashed",
                "test_a.py::test_hangs": "timeout",
                "test_a.py::test_after": "passed",
            }
            assert "in test_hangs" in told.evidence_of("test_hangs").stacks
            (project / "test_a.py").write_text("def test_exits(): pass\n")
            return await hosted.rerun("test_exits")

    assert asyncio.run(run()).outcomes() == {"test_a.py::test_exits": "passed"}


def test_where_forking_is_not_safe(python: str, tmp_path: Path) -> None:
    project = make_project(
        tmp_path / "project",
        test_a="import socket\nkept = socket.socket()\ndef test_a(): pass\ndef test_b(): assert False\n",
    )
    told = run_engine(project, python=python)
    assert told.outcomes() == {"test_a.py::test_a": "passed", "test_a.py::test_b": "failed"}
    assert told.state.cold_reason == "a socket opened during collection"
