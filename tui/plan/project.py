"""Which project a run is of, and which interpreter is the project's own."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tui.errors import StagewatchError
from tui.plan.model import Plan

_MARKS = ("stagewatch.toml", "pytest.ini", ".pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg", "setup.py", ".git")


def existing(paths: Sequence[str], cwd: Path) -> list[Path]:
    """The files and folders that pytest's path arguments name; raises StagewatchError for one that is not there."""
    found = []
    for argument in paths:
        path = cwd / argument.partition("::")[0]
        if not argument or not os.path.exists(path):  # noqa: PTH110 - for Path, a name that is too long is an error
            raise StagewatchError(f"{argument}: there is no such file or folder (looked in {cwd})")
        found.append(path)
    return found


def project_root(paths: Sequence[Path], cwd: Path) -> Path:
    """The folder that names the project: from what the paths share upwards, the nearest that holds its settings.

    Where none does, it is where the user stands, if the paths are below that: as for pytest, whatever part is run.
    """
    shared = Path(os.path.commonpath([path.resolve() for path in paths])) if paths else cwd.resolve()
    start = shared if shared.is_dir() else shared.parent
    for folder in (start, *start.parents):
        if any((folder / mark).exists() for mark in _MARKS):
            return folder
    return cwd.resolve() if start.is_relative_to(cwd.resolve()) else start


class Interpreter(NamedTuple):
    """``warning``: what the user should know of how it was chosen."""

    python: str
    warning: str | None = None


def interpreter(root: Path, explicit: str | None) -> Interpreter:
    """The project's: the one named, else its ``.venv``, else the active environment, else our own.

    Raises StagewatchError when the one named is not there.
    """
    if explicit is not None:
        path = Path(explicit).expanduser()
        if os.sep not in explicit:
            found = next(
                (Path(p) / explicit for p in os.get_exec_path() if os.access(Path(p) / explicit, os.X_OK)), None
            )
            path = found or path
        if path.is_dir():
            path = path / "bin" / "python"
        if not os.access(path, os.X_OK):
            raise StagewatchError(f"--python {explicit}: there is no such interpreter")
        return Interpreter(str(path.absolute()))
    for folder in (
        root / ".venv",
        *(Path(os.environ[name]) for name in ("VIRTUAL_ENV", "CONDA_PREFIX") if os.environ.get(name)),
    ):
        python = folder / "bin" / "python"
        if os.access(python, os.X_OK):
            return Interpreter(str(python))
    return Interpreter(
        sys.executable,
        f"no .venv in {root} and no active environment: the tests run in Stagewatch's own ({sys.executable}); "
        "--python names another",
    )


def refuse_missing_paths(plan: Plan, root: Path) -> None:
    """A suite's path that is not there would drop out of the gate unseen: raises StagewatchError for the first."""
    for suite in plan.suites:
        for path in suite.paths:
            if not (root / path.partition("::")[0]).exists():
                raise StagewatchError(f"{plan.source}: suite {suite.id}: paths: {path} is not there (looked in {root})")
