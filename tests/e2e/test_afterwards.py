"""What is asked of iterations when they have ended: the gate, the report, what is different."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.user import GATED, PATIENCE, User, until

FAILS = {"test_shop.py": "def test_a(): pass\ndef test_b(): assert 1 == 2\n"}


class Told:
    """Two iterations of a project: one test failed, then it was mended."""

    def __init__(self, user: User) -> None:
        self.user = user
        self.root = user.project("shop", FAILS)
        self.first = user.run("--headless", cwd=self.root)
        (self.root / "test_shop.py").write_text("def test_a(): pass\ndef test_b(): assert 2 == 2\n")
        self.second = user.run("--headless", cwd=self.root)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    user = User(tmp_path_factory.mktemp("home"))
    yield Told(user)
    user.leave()


def test_the_gate_says_what_the_run_said(told: Told) -> None:
    for number, run in ((1, told.first), (2, told.second)):
        gate = told.user.type("gate", str(number), cwd=told.root)
        assert gate.code == run.code
        assert gate.out.splitlines()[0] in run.out
    assert (told.first.code, told.second.code) == (1, 0)


def test_another_plan_may_judge(told: Told) -> None:
    plan = told.user.home / "lenient.toml"
    plan.write_text('[gate]\npass_rate = 0.5\n[[tier]]\nid = "top"\n[[suite]]\nid = "test_shop.py"\ntier = "top"\n')
    gate = told.user.type("gate", "1", "--plan", str(plan), cwd=told.root)
    assert (gate.code, gate.out.splitlines()[0]) == (0, "GO, final: 1 of 2 passed, 1 tolerated")


def test_an_override_is_recorded_with_who_and_why_and_shown_from_then_on(tmp_path: Path) -> None:
    user = User(tmp_path)
    root = user.project("shop", FAILS)
    user.run("--headless", cwd=root)
    assert user.type("gate", "--override", "the flag is off", cwd=root).code == 0
    again = user.type("gate", "--json", "-", cwd=root)
    assert again.code == again.document["exit_code"] == 0
    assert (again.document["verdict"], again.document["override"]["why"]) == ("no-go", "the flag is off")
    assert again.document["override"]["by"]
    assert "the flag is off" in user.type("report", cwd=root).out
    assert "the flag is off" in user.type("show", "1", "--headless", cwd=root).out


def test_a_report_is_the_same_facts_in_each_format(told: Told) -> None:
    markdown = told.user.type("report", "1", cwd=told.root)
    assert markdown.code == 0
    assert "- Pass rate: 1 of 2 = **50%**" in markdown.out
    document = told.user.type("report", "1", "--format", "json", cwd=told.root).document
    assert document["counts"]["failed"] == 1
    file = told.user.home / "junit.xml"
    told.user.type("report", "1", "--format", "junit", "-o", str(file), cwd=told.root)
    assert 'failures="1"' in file.read_text()


def test_two_iterations_compared(told: Told) -> None:
    lines = told.user.type("compare", "1", "2", cwd=told.root).out.splitlines()
    assert "  top  test_shop.py::test_b  failed -> passed  (sources changed)" in lines
    document = told.user.type("compare", "1", "2", "--json", "-", cwd=told.root).document
    assert document["counts"]["fixed"] == 1
    assert [test["id"] for test in document["changes"]["fixed"]] == ["test_shop.py::test_b"]
    assert json.loads(json.dumps(document)) == document


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (["gate", "9"], "there is no iteration 9; recorded: 1 to 2"),
        (["compare", "1"], "the following arguments are required: B"),
        (["gate", "--override", " "], "expected a reason, found none"),
        (["gate", "--plan", "none.toml"], "none.toml: the plan can't be read"),
        (["report", "--format", "pdf"], "invalid choice: 'pdf'"),
    ],
)
def test_what_can_not_be_answered_is_one_sentence(told: Told, command: list[str], sentence: str) -> None:
    ended = told.user.type(*command, cwd=told.root)
    assert ended.code == 2
    assert sentence in ended.err and len(ended.err.splitlines()) == 1


def test_a_report_file_tells_of_the_run_while_it_goes_on_and_of_its_end(tmp_path: Path) -> None:
    user = User(tmp_path)
    root = user.project("gated", GATED)
    file = user.home / "status.md"
    process = user.begin("--headless", "--report", str(file), cwd=root)
    try:
        until(lambda: file.exists() and "1 failed" in file.read_text())
        assert "so far" in file.read_text() or "decided" in file.read_text()
        user.open_gate()
        process.communicate(timeout=PATIENCE)
        assert "- **Verdict**: NO-GO, final" in file.read_text()
        assert [path.name for path in user.home.glob(".status*")] == []
    finally:
        user.leave()


def test_a_report_that_can_not_be_written_any_more_costs_nothing_else(tmp_path: Path) -> None:
    user = User(tmp_path)
    root = user.project("gated", GATED)
    folder = user.home / "reports"
    folder.mkdir()
    process = user.begin("--headless", "--report", str(folder / "status.md"), cwd=root)
    try:
        until(lambda: (folder / "status.md").exists())
        (folder / "status.md").unlink()
        folder.rmdir()
        user.open_gate()
        out, _ = process.communicate(timeout=PATIENCE)
        assert "the report: " in out and "can't be written" in out
        assert process.returncode == 1
    finally:
        user.leave()
