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


SELECTED = """
[run]
suites = ["b"]
tiers = ["P1"]
markers = "not slow"
[[tier]]
id = "P1"
[[tier]]
id = "P2"
[[suite]]
id = "a"
tier = "P1"
paths = ["test_a.py"]
[[suite]]
id = "b"
tier = "P2"
paths = ["test_b.py"]
[[suite]]
id = "c"
tier = "P2"
paths = ["test_c.py"]
"""


@pytest.fixture(scope="module")
def selective(tmp_path_factory: pytest.TempPathFactory) -> Path:
    module = "import pytest\ndef test_one(): pass\n@pytest.mark.slow\ndef test_slow(): pass\n"
    folder = tmp_path_factory.mktemp("selective") / "project"
    project = make_project(folder, test_a=module, test_b=module, test_c=module)
    (project / "pytest.ini").write_text('[pytest]\nmarkers = slow\naddopts = -m "not none_such" -k "not nothing"\n')
    (project / "stagewatch.toml").write_text(SELECTED)
    return project


@pytest.mark.parametrize(
    ("arguments", "ran"),
    [
        ((), {"test_a.py::test_one", "test_b.py::test_one"}),
        (("--suite", "c"), {"test_c.py::test_one", "test_c.py::test_slow"}),
        (("--tier", "P1", "--suite", "c"), {f"test_{m}.py::test_{t}" for m in "ac" for t in ("one", "slow")}),
        (("-m", "slow"), {f"test_{m}.py::test_slow" for m in "abc"}),
        (("-k", "test_b and one"), {"test_b.py::test_one"}),
        ((".",), {f"test_{m}.py::test_{t}" for m in "abc" for t in ("one", "slow")}),
    ],
    ids=["as the plan says", "suite", "tier and suite add up", "markers", "keyword", "the whole"],
)
def test_what_is_not_selected_is_collected_and_not_run(
    selective: Path, arguments: tuple[str, ...], ran: set[str]
) -> None:
    done = command(selective, *arguments)
    outcomes = done.outcomes()
    assert len(outcomes) == 6, done.error
    assert {test for test, outcome in outcomes.items() if outcome == "passed"} == ran
    assert {outcome for test, outcome in outcomes.items() if test not in ran} <= {"not-run"}
    assert done.code == (0 if len(ran) == 6 else 5)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--tier", "P9"), 'stagewatch.toml has no such tier; known are "P1", "P2"'),
        (("--suite", "d"), 'stagewatch.toml has no such suite; known are "a", "b", "c"'),
        (("-k", "a or"), "-k: expected a keyword expression"),
        (("-m", "("), "-m: expected a marker expression"),
    ],
)
def test_what_the_plan_does_not_have_is_refused_before_anything_is_collected(
    selective: Path, arguments: tuple[str, ...], said: str
) -> None:
    done = command(selective, *arguments)
    assert (done.code, done.out) == (2, "")
    assert said in done.error and done.error.count("\n") == 1
