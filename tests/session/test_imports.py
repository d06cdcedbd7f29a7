"""Who hangs on a saved file, by what the files of a project say that they import."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scripted import Script
from tui.session.imports import Imports
from tui.session.touched import MOST, Dependents, touched

PROJECT = {
    "src/app/__init__.py": "",
    "src/app/auth.py": "from .tokens import token",
    "src/app/tokens.py": "import json",
    "src/app/json.py": "",
    "src/app/money.py": "",
    "tests/conftest.py": "import app.money",
    "tests/helpers.py": "from app import auth",
    "tests/test_login.py": "import helpers",
    "tests/test_token.py": "def test_it():\n    from app.tokens import token",
    "tests/test_plain.py": "import json",
    "tests/ws/test_ws.py": "import os, \\\n    app.auth as a  # for a token",
    "tests/ws/test_long.py": "from app import (\n    money,  # not much\n    auth as login,\n)",
    "other/test_other.py": "import tests",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in PROJECT.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def names_of_tests(files: set[str]) -> set[str]:
    return {Path(file).stem for file in files if Path(file).name.startswith("test_")}


def test_importers_of_importers_are_found_also_by_relative_names_and_inside_functions(project: Path) -> None:
    imports = Imports(project)
    assert names_of_tests(imports.dependents(["src/app/auth.py"]).near) == {"test_login", "test_ws", "test_long"}
    assert names_of_tests(imports.dependents(["src/app/tokens.py"]).near) == {
        "test_login",
        "test_ws",
        "test_long",
        "test_token",
    }
    assert names_of_tests(imports.dependents(["tests/helpers.py"]).near) == {"test_login"}
    assert names_of_tests(imports.dependents(["rates.csv"]).far) == set()


def test_a_file_of_a_package_is_not_the_module_of_its_bare_name(project: Path) -> None:
    assert imports_of(project, "src/app/json.py") == set(), "whoever imports json means Python's"


def imports_of(project: Path, path: str) -> set[str]:
    return names_of_tests(Imports(project).dependents([path]).far)


def test_what_a_conftest_imports_all_below_it_hang_on(project: Path) -> None:
    found = Imports(project).dependents(["src/app/money.py"])
    below = {"test_login", "test_token", "test_plain", "test_ws", "test_long"}
    assert (names_of_tests(found.near), names_of_tests(found.far)) == ({"test_long"}, below)
    assert imports_of(project, "tests/conftest.py") == below


def test_what_was_edited_is_read_again_and_what_is_half_written_is_known_still(project: Path) -> None:
    imports = Imports(project)
    plain = project / "tests/test_plain.py"
    assert "test_plain" not in names_of_tests(imports.dependents(["src/app/auth.py"]).near)
    plain.write_text("import app.auth")
    assert "test_plain" in names_of_tests(imports.dependents(["src/app/auth.py"]).near)
    plain.write_text("import app.auth\ndef test_it(: pass")
    assert "test_plain" in names_of_tests(imports.dependents(["src/app/auth.py"]).near)
    plain.write_text("")
    assert "test_plain" not in names_of_tests(imports.dependents(["src/app/auth.py"]).near)
    (project / "tests/ws/test_ws.py").unlink()
    assert names_of_tests(imports.dependents(["src/app/auth.py"]).near) == {"test_login", "test_long"}


def test_more_tests_than_one_would_run_unasked_are_left_from_the_far_end() -> None:
    script = Script()
    own = script.found(*(f"test_own.py::test_{n}" for n in range(MOST + 1)))
    near = script.found(*(f"test_near.py::test_{n}" for n in range(3)))
    far = script.found("test_far.py::test_far")
    state = script.state()
    files = {"test_near.py"}
    assert touched(state, ["test_own.py"], Dependents(files, files | {"test_far.py", "test_own.py"})) == (
        own + near + far, 0,
    )  # fmt: skip
    many = script.found(*(f"test_many.py::test_{n}" for n in range(MOST)))
    state = script.state()
    everywhere = files | {"test_far.py", "test_many.py"}
    assert touched(state, ["test_own.py"], Dependents(files, everywhere)) == (own + near, len(far) + len(many))
    assert touched(state, ["app.py"], Dependents(everywhere, everywhere)) == ([], len(near) + len(far) + len(many))


def test_of_a_part_of_a_plan_nothing_runs_that_nobody_asked_for() -> None:
    script = Script(partial=True)
    selected, other = script.found("test_a.py::test_selected", "test_a.py::test_other")
    state = script.collected().asked([selected]).ran(selected).pass_ended().state()
    assert touched(state, ["test_a.py"], Dependents(set(), set())).tests == [selected]
    assert other in state.tests
