"""How suites want to be run: with an environment of their own, alone, taken apart; and what a worker keeps."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.host import Commanded, command, make_project

PLAN = """
[[tier]]
id = "P1"
[[tier]]
id = "P2"
[[suite]]
id = "eu"
tier = "P1"
paths = ["eu"]
env = { REGION = "eu" }
[[suite]]
id = "us"
tier = "P1"
paths = ["us"]
env = { REGION = "us" }
[[suite]]
id = "alone"
tier = "P2"
paths = ["alone"]
exclusive = true
[[suite]]
id = "spread"
tier = "P2"
paths = ["spread"]
spread = "tests"
"""
CONFTEST = """
    import os, pathlib, pytest
    NOTES = pathlib.Path(__file__).parent / "notes"

    @pytest.fixture(scope="session")
    def costly():
        with NOTES.open("a") as notes: notes.write(f"built in {os.getpid()}\\n")
        yield os.getpid()
        with NOTES.open("a") as notes: notes.write(f"ended in {os.getpid()}\\n")
"""
REGIONAL = """
    import os
    REGION = os.environ["REGION"]  # read at import, as projects do
    def test_region(costly): assert REGION == {region!r}
    def test_process(costly): assert costly == os.getpid()
"""
SPREAD = "def test_one(costly): pass\ndef test_two(costly): pass\ndef test_three(costly): pass\n"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = make_project(
        tmp_path_factory.mktemp("suites") / "project",
        conftest=CONFTEST,
        eu__test_eu=REGIONAL.format(region="eu"),
        us__test_us=REGIONAL.format(region="us"),
        alone__test_alone="def test_alone(costly): pass\n",
        spread__test_spread=SPREAD,
    )
    # Outside of its suite nothing may ask for the region: each zygote collects the whole selection.
    for region in ("eu", "us"):
        path = project / region / f"test_{region}.py"
        path.write_text(path.read_text().replace('os.environ["REGION"]', 'os.environ.get("REGION")'))
    (project / "stagewatch.toml").write_text(PLAN)
    return project


@pytest.fixture(scope="module")
def ran(project: Path) -> Commanded:
    return command(project, "--workers", "2")


def test_suites_of_different_environments_are_collected_apart(ran: Commanded) -> None:
    assert ran.outcomes() == {
        "eu/test_eu.py::test_region": "passed",
        "eu/test_eu.py::test_process": "passed",
        "us/test_us.py::test_region": "passed",
        "us/test_us.py::test_process": "passed",
        "alone/test_alone.py::test_alone": "passed",
        "spread/test_spread.py::test_one": "passed",
        "spread/test_spread.py::test_two": "passed",
        "spread/test_spread.py::test_three": "passed",
    }
    assert ran.code == 0


def test_a_session_fixture_is_built_and_ended_once_in_each_worker(ran: Commanded, project: Path) -> None:
    built = [line.split() for line in (project / "notes").read_text().splitlines()]
    pids = {pid for _, _, pid in built}
    workers = {attempt["worker"] for test in ran.document["tests"] for attempt in test["attempts"]}
    assert len(pids) == len(workers)
    for pid in pids:
        assert [what for what, _, whose in built if whose == pid] == ["built", "ended"]


def test_an_exclusive_suite_runs_while_nothing_else_does(ran: Commanded) -> None:
    spans = {
        test["id"]: (attempt["started"], attempt["duration"])
        for test in ran.document["tests"]
        for attempt in test["attempts"]
    }
    assert len(spans) == 8
    order = sorted(spans, key=lambda id: spans[id][0])
    assert order[-1] == "alone/test_alone.py::test_alone"
