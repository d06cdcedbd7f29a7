"""Tests that benchmarks make to fail: those that were meant, and no others."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
from real_projects import failing_text, plain_functions

sys.path.pop(0)

_TESTS = """\
import pytest

@pytest.fixture(params=["a", "b"])
def letter(request): return request.param

def test_letters(letter):
    assert letter

@pytest.mark.xfail
def test_expected():
    assert False

def test_short(): pass

class TestIn:
    def test_method(self):
        for _ in range(2):
            assert True

    def test_other(self):
        assert True
"""


def test_only_functions_without_decorators_and_of_more_than_one_line_are_chosen() -> None:
    assert list(plain_functions(ast.parse(_TESTS))) == ["test_letters", "TestIn::test_method", "TestIn::test_other"]


def test_the_named_tests_fail_and_no_others(tmp_path: Path) -> None:
    wanted = {"test_letters": "test_a.py::test_letters[b]", "TestIn::test_method": "test_a.py::TestIn::test_method"}
    (tmp_path / "test_a.py").write_text(failing_text(_TESTS, wanted))
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    said = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rf", "-p", "no:cacheprovider"], cwd=tmp_path, text=True,
        stdin=subprocess.DEVNULL, capture_output=True, check=False,
    ).stdout  # fmt: skip
    failed = {line.split()[1] for line in said.splitlines() if line.startswith("FAILED ")}
    assert failed == set(wanted.values())
    assert "made to fail" in said
