"""Eight real projects and the bundled suites as copies that may be edited, with tests in them that were made to fail.

A copy's own sources are what its tests import (``PYTHONPATH``), so that an edit of a module is one of the project's.
"""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from parity_projects import PROJECTS, prepare

ROOT = Path(__file__).resolve().parents[1]
SUITES = "the 466"


@dataclass(frozen=True)
class Case:
    """``tests``: the file whose tests are made to fail. ``module``: of the project, and imported by that file.

    ``sources``: the folder that is imported from. ``paths`` and ``options`` go to pytest. ``whole``: what a whole run
    runs, where all of it takes minutes or needs a network.
    """

    name: str
    tests: str
    module: str
    sources: str = "src"
    paths: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()


CASES = (
    Case("attrs", "tests/test_funcs.py", "src/attr/_make.py", paths=("tests",)),
    Case("click", "tests/test_commands.py", "src/click/core.py"),
    Case("jinja2", "tests/test_api.py", "src/jinja2/environment.py"),
    Case("marshmallow", "tests/test_decorators.py", "src/marshmallow/schema.py"),
    Case(
        "anyio",
        "tests/test_synchronization.py",
        "src/anyio/_core/_synchronization.py",
        whole=("tests/test_synchronization.py", "tests/test_taskgroups.py", "tests/test_fileio.py", "tests/streams"),
    ),
    Case("starlette", "tests/test_routing.py", "starlette/routing.py", sources="."),
    Case("djangorestframework", "tests/test_serializer.py", "rest_framework/serializers.py", ".", ("tests",)),
    Case("structlog", "tests/test_stdlib.py", "src/structlog/stdlib.py"),
    Case(SUITES, "suites/contract/test_tools_and_sub_agents.py", "suites/client/client.py", sources="."),
)


@dataclass
class Copy:
    """A project in a folder of its own: ``python -m pytest`` runs in ``folder``. ``failing``: node ids that fail."""

    case: Case
    version: str
    python: str
    root: Path
    folder: Path
    environment: dict[str, str]
    failing: tuple[str, ...] = ()
    _edits: int = field(default=0)

    @property
    def tests(self) -> Path:
        return self.root / self.case.tests

    @property
    def module(self) -> Path:
        return self.root / self.case.module

    @property
    def pytest(self) -> list[str]:
        """Plain pytest in this copy, with the project's own options."""
        return [self.python, "-m", "pytest", "-q", *self.case.options]

    def edit(self, path: Path) -> None:
        """A line more, as an editor would save it: another time, another size, another inode."""
        self._edits += 1
        save(path, f"{path.read_text()}\n_edited_by_the_benchmark = {self._edits}\n")

    def run_pytest(self, *arguments: str, environment: Mapping[str, str] | None = None) -> str:
        """What plain pytest says."""
        ended = subprocess.run(
            [*self.pytest, *arguments], cwd=self.folder, env={**self.environment, **(environment or {})},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        )  # fmt: skip
        return ended.stdout.decode(errors="replace")

    def remember_failures(self) -> None:
        """What ``pytest --lf`` shall run."""
        cache = self.folder / ".pytest_cache" / "v" / "cache"
        cache.mkdir(parents=True, exist_ok=True)
        (cache / "lastfailed").write_text(json.dumps(dict.fromkeys(self.failing, True)))


def save(path: Path, text: str) -> None:
    """Write and rename, as editors do."""
    beside = path.with_name(f".{path.name}.saving")
    beside.write_text(text)
    beside.replace(path)


def cases(names: Iterable[str]) -> list[Case]:
    """Those of these names; all, where none is given."""
    wanted = set(names)
    unknown = wanted - {case.name for case in CASES}
    if unknown:
        known = ", ".join(case.name for case in CASES)
        raise SystemExit(f"there is no project {', '.join(sorted(unknown))}: choose among {known}")
    return [case for case in CASES if not wanted or case.name in wanted]


def names(text: str) -> list[str]:
    """Of an option such as ``--projects click,attrs``."""
    return [name.strip() for name in text.split(",") if name.strip()]


def copy_of(case: Case, to: Path, failing: int = 0) -> Copy:
    """A fresh copy in ``to``, with that many tests of its file made to fail."""
    if case.name == SUITES:
        version, python, source = "", sys.executable, None
    else:
        project = next(project for project in PROJECTS if project.name == case.name)
        prepared = prepare(project, newest=True)
        version, python, source = prepared.version, str(prepared.python), prepared.folder
    root = to / case.name.replace(" ", "-")
    ignored = shutil.ignore_patterns("__pycache__", ".pytest_cache", ".hypothesis", "build")
    if source is None:
        shutil.copytree(ROOT / "suites", root / "suites", ignore=ignored)
    else:
        shutil.copytree(source, root, ignore=ignored)
    folder = root / "suites" if source is None else root
    copy = Copy(case, version, python, root, folder, {**environment(), "PYTHONPATH": str(root / case.sources)})
    if failing:
        copy.failing = _made_to_fail(copy, failing)
        copy.remember_failures()
    return copy


def environment() -> dict[str, str]:
    """This process's own, less what would change one of the sides."""
    dropped = ("PYTEST_", "PYTHON", "COV_", "COVERAGE", "VIRTUAL_ENV", "STAGEWATCH", "STAGING_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    return {**kept, "COLUMNS": "100", "LINES": "40"}


def collect(copy: Copy, *arguments: str) -> list[str]:
    """The node ids that plain pytest collects."""
    for louder in ("--no-header", "-v"):  # a project's own options may hold another -q
        said = copy.run_pytest("--collect-only", louder, *arguments)
        found = [line for line in said.splitlines() if "::" in line and not line.startswith(("ERROR", " ", "<"))]
        if found:
            return found
    raise SystemExit(f"{copy.case.name}: pytest collects nothing:\n{said[-2000:]}")


def _made_to_fail(copy: Copy, count: int) -> tuple[str, ...]:
    """Node ids of ``count`` tests of the file, no two of one function, that now end in a false assertion."""
    collected = collect(copy, str(copy.tests))
    text = copy.tests.read_text()
    functions = plain_functions(ast.parse(text))
    chosen: dict[str, str] = {}
    for node in collected:
        name = node.partition("::")[2].partition("[")[0]
        if name in functions:
            chosen.setdefault(name, node)
    wanted = dict(list(chosen.items())[:count])
    if len(wanted) < count:
        raise SystemExit(f"{copy.case.name}: {copy.case.tests} has {len(wanted)} tests to be made to fail")
    save(copy.tests, failing_text(text, wanted))
    return tuple(wanted.values())


def failing_text(text: str, wanted: Mapping[str, str]) -> str:
    """A test file where these functions' tests of these node ids end in a false assertion; all others are as before."""
    functions = plain_functions(ast.parse(text))
    lines = text.splitlines()
    for name in sorted(wanted, key=lambda name: -(functions[name].end_lineno or 0)):
        function = functions[name]
        indent = " " * function.body[0].col_offset
        lines.insert(
            function.end_lineno or 0,
            f'{indent}now = __import__("os").environ["PYTEST_CURRENT_TEST"].rpartition(" ")[0]\n'
            f'{indent}assert now != {wanted[name]!r}, "made to fail"',
        )
    return "\n".join(lines) + "\n"


def plain_functions(tree: ast.Module) -> dict[str, ast.FunctionDef | ast.AsyncFunctionDef]:
    """Test functions without decorators, by their part of a node id, of more than one line."""
    found: dict[str, ast.FunctionDef | ast.AsyncFunctionDef] = {}

    def look(body: Sequence[ast.stmt], prefix: str) -> None:
        for each in body:
            if isinstance(each, ast.ClassDef):
                look(each.body, f"{prefix}{each.name}::")
            elif isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) and each.name.startswith("test"):
                last = each.body[-1]
                if not each.decorator_list and each.body[0].lineno > each.lineno and not isinstance(last, ast.Return):
                    found[f"{prefix}{each.name}"] = each

    look(tree.body, "")
    return found
