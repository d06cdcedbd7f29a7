"""Interpreters that tests need beside our own: made once, kept under the user's cache."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "stagewatch-tests"
_PLUGINS = (
    "pytest", "pytest-asyncio", "anyio", "pytest-timeout", "pytest-cov", "pytest-randomly", "pytest-rerunfailures",
    "pytest-xdist", "pytest-django", "django",
)  # fmt: skip


def with_plugins() -> str:
    """Our own Python with every plugin that the tests of plugins need."""
    return _environment(sys.executable, _PLUGINS)


def with_native_threads() -> str:
    """Our own Python with libraries whose C code starts threads that Python knows nothing of."""
    return _environment(sys.executable, ("pytest", "grpcio", "numpy"))


def tested() -> str:
    """What the engine's tests run their projects with: our own Python, unless ``STAGEWATCH_TESTED`` names another.

    ``3.13 pytest==8.4.*``: a version, and what is installed there (`make interpreters`).
    """
    version, *requirements = os.environ.get("STAGEWATCH_TESTED", "").split() or [""]
    if not version:
        return sys.executable
    python = _beside_ours(version) or _on_path(version)
    if python is None:
        raise LookupError(f"there is no Python {version} here")
    return _environment(python, tuple(requirements))


def of_version(version: str, *requirements: str) -> str:
    """Python ``version`` (as ``3.9``) with these; skips the test where there is none: Stagewatch itself needs none."""
    python = _beside_ours(version) or _on_path(version)
    if python is None:
        pytest.skip(f"there is no Python {version} here")
    return _environment(python, requirements)


def _beside_ours(version: str) -> str | None:
    """Where pyenv and its like keep theirs."""
    found = sorted(Path(sys.base_prefix).parent.glob(f"{version}.*/bin/python"))
    return str(found[-1]) if found else None


def _on_path(version: str) -> str | None:
    """One that starts: a shim of pyenv stands for versions that are not there, too."""
    python = shutil.which(f"python{version}")
    return python if python and subprocess.run([python, "-c", ""], capture_output=True).returncode == 0 else None


def _environment(python: str, requirements: tuple[str, ...]) -> str:
    """A virtual environment, made by whoever comes first; a name of its own for each set of requirements."""
    real = os.path.realpath(python)
    name = hashlib.sha256(" ".join([real, *requirements]).encode()).hexdigest()[:12]
    _CACHE.mkdir(parents=True, exist_ok=True)
    folder = _CACHE / name
    with (_CACHE / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "made").exists():
            shutil.rmtree(folder, ignore_errors=True)
            subprocess.run([real, "-m", "venv", str(folder)], check=True)
            pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            subprocess.run([*pip, *requirements], check=True, stderr=subprocess.PIPE)
            (folder / "made").touch()
    return str(folder / "bin" / "python")
