"""Which files a save of counts: those that the agent looks at, and none that a tool has written."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.engine.agent.alone import load
from tui.session.git_ignore import not_ignored
from tui.session.project_files import ENDINGS, look, saved_between

NAMES = (
    "a.py", "tests/test_a.py", "tests/data/rates.csv", "tests/.hidden.py", ".git/config.toml", ".venv/x.py",
    "env/pyvenv.cfg", "env/lib/x.py", "build/lib/a.py", "dist/a.json", "node_modules/x/package.json", "notes.md",
    "__pycache__/a.cpython-311.py", "run.log", "pyproject.toml", "a.py.swp", "a.py~",
)  # fmt: skip


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in NAMES:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    return tmp_path


def test_what_counts_is_what_the_agent_looks_at(project: Path) -> None:
    changes = load("changes")
    assert set(ENDINGS) == {".py", *changes._DATA}
    assert set(look(project).files) == changes._files_of(project, ENDINGS)
    assert sorted(os.path.relpath(file, project) for file in look(project).files) == [
        "a.py", "pyproject.toml", "tests/data/rates.csv", "tests/test_a.py",
    ]  # fmt: skip


def test_written_added_and_deleted_files_were_saved(project: Path) -> None:
    before = look(project)
    (project / "a.py").write_text("a = 1")
    (project / "b.py").touch()
    (project / "tests" / "test_a.py").unlink()
    (project / "notes.md").write_text("no test reads it")
    assert saved_between(before, look(project), project) == ["a.py", "b.py", "tests/test_a.py"]


async def test_what_git_ignores_is_nobodys_work(project: Path) -> None:
    paths = ["a.py", "out/report.xml", "tests/é.json"]
    (project / ".gitignore").write_text("out/\n")
    assert await not_ignored(project, paths, {}) == paths, "it is no repository"
    subprocess.run(["git", "init", "-q", project], check=True)
    assert await not_ignored(project, paths, {}) == ["a.py", "tests/é.json"]


async def test_git_bears_the_mark_of_what_is_no_tests(
    project: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = tmp_path_factory.mktemp("tools")
    (tools / "git").write_text(f'#!/bin/sh\nprintf "%s" "$MARK" > {tools}/said')
    (tools / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(tools), prepend=os.pathsep)
    assert await not_ignored(project, ["a.py"], {"MARK": "spare"}) == ["a.py"]
    assert (tools / "said").read_text() == "spare"
