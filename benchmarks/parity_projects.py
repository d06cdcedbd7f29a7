"""The real projects that parity is measured on, and how each is unpacked and installed.

Versions are pinned: what is compared is Stagewatch with pytest, not last week with today. Each
project has its own virtual environment per pytest, in a cache folder outside the repository.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

OLDEST, NEWEST = "7.4.4", "9.2.0"
OLDEST_PYTHON = (3, 9)


@dataclass(frozen=True)
class Project:
    """``versions``: with the oldest pytest, with the newest. ``paths`` and ``options`` go to pytest."""

    name: str
    style: str
    versions: tuple[str, str]
    needs: tuple[str, ...] = ()
    needs_old: tuple[str, ...] | None = None
    paths: tuple[str, ...] = ()
    options: tuple[str, ...] = ()


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


PROJECTS = (
    Project(
        "attrs",
        "heavily parametrized, hypothesis, importlib mode",
        ("26.1.0", "26.1.0"),
        needs=("hypothesis", "cloudpickle", "pympler"),
    ),
    Project("click", "functions, parametrized, output", ("8.1.8", "8.5.1")),
    Project("jinja2", "classes and fixtures", ("3.1.6", "3.1.6"), needs=("trio",)),
    Project("marshmallow", "heavily parametrized, clock in ids", ("4.0.1", "4.4.0"), needs=("simplejson",)),
    Project(
        "anyio",
        "async on three backends, own plugin, threads and processes",
        ("4.12.1", "4.16.0"),
        needs=_words(
            "trio blockbuster hypothesis psutil pytest-mock pytest-timeout trustme truststore uvloop coverage"
        ),
        needs_old=_words("trio blockbuster exceptiongroup hypothesis psutil pytest-mock trustme uvloop coverage"),
    ),
    Project(
        "starlette",
        "async through a client, warnings are errors",
        ("0.49.3", "1.10.0"),
        needs=_words(
            "trio itsdangerous jinja2 python-multipart pyyaml httpx httpx2 blockbuster opentelemetry-sdk"
            " importlib-metadata"
        ),
        needs_old=_words("trio itsdangerous jinja2 python-multipart pyyaml httpx<0.29"),
    ),
    Project("pluggy", "the plugin manager under pytest", ("1.5.0", "1.7.0"), needs=("pytest-benchmark",)),
    Project("pytest-mock", "a plugin, pytest within pytest", ("3.15.1", "3.17.0"), needs=("pytest-asyncio",)),
    Project(
        "pytest-asyncio",
        "a plugin, many conftests, pytest within pytest",
        ("0.23.8", "1.5.0"),
        needs=("hypothesis", "coverage"),
        paths=("docs", "tests/async_fixtures", "tests/hypothesis", "tests/modes"),  # all of it takes seven minutes
    ),
    Project(
        "more-itertools",
        "unittest.TestCase and doctests",
        ("10.8.0", "11.2.1"),
        paths=("tests", "more_itertools"),
        options=("--doctest-modules",),
    ),
    Project("cachetools", "unittest.TestCase, subTest", ("6.2.6", "8.0.2"), paths=("tests",)),
    Project(
        "structlog",
        "captured logs, async, importlib mode",
        ("24.1.0", "26.1.0"),
        needs=("pytest-asyncio", "simplejson", "time-machine"),
        needs_old=("pytest-asyncio", "simplejson", "pretend", "freezegun", "twisted"),
    ),
    Project(
        "djangorestframework",
        "Django by pytest-django, a database, doctest modules",
        ("3.16.1", "3.18.3"),
        needs=_words(
            "django<6 dj-database-url pytest-django pyyaml inflection uritemplate markdown pygments django-filter"
        ),
        needs_old=_words(
            "django dj-database-url pytest-django<4.12 pyyaml inflection uritemplate markdown pygments django-filter"
        ),
        paths=("tests",),
    ),
)


class Unprepared(Exception):
    """A project can't be set up; the text says what failed."""


@dataclass(frozen=True)
class Prepared:
    """A project in place: run ``python -m pytest`` with this interpreter in this folder."""

    project: Project
    version: str
    pytest: str
    python: Path
    folder: Path


def prepare(project: Project, *, newest: bool, refresh: bool = False) -> Prepared:
    """Unpack and install a project, unless the cache has it. Raises Unprepared."""
    version, pytest = project.versions[newest], NEWEST if newest else OLDEST
    interpreter = Path(sys.executable) if newest else oldest_python()
    home = cache_folder() / f"{project.name}-{version}-pytest-{pytest}"
    done, source = home / "done", home / "source"
    needs = project.needs if newest or project.needs_old is None else project.needs_old
    recipe = f"{interpreter}\n{' '.join(needs)}\n"
    if refresh or not done.exists() or done.read_text() != recipe:
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        _run([interpreter, "-m", "venv", home / "venv"])
        pip = [home / "venv" / "bin" / "python", "-m", "pip", "--quiet", "--disable-pip-version-check"]
        _run([*pip, "install", "--upgrade", "pip"])
        pinned = f"{project.name}=={version}"
        _run([*pip, "download", "--no-deps", "--no-binary", project.name, "--dest", home / "sdist", pinned])
        _unpack(home / "sdist", source)
        _run([*pip, "install", source, f"pytest=={pytest}", *needs])
        shutil.rmtree(source / "build", ignore_errors=True)
        done.write_text(recipe)
    return Prepared(project, version, pytest, home / "venv" / "bin" / "python", source)


def cache_folder() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "stagewatch-parity"


def oldest_python() -> Path:
    """An interpreter of the oldest Python supported. Raises Unprepared if this machine has none."""
    name = ".".join(map(str, OLDEST_PYTHON))
    versions = sorted((Path.home() / ".pyenv" / "versions").glob(f"{name}.*/bin/python"))
    found = shutil.which(f"python{name}") if not versions else str(versions[-1])
    if found is None:
        raise Unprepared(f"no Python {name} here (looked in ~/.pyenv/versions and PATH)")
    return Path(found)


def _unpack(folder: Path, target: Path) -> None:
    archive = next(iter(folder.glob("*.tar.gz")), None)
    if archive is None:
        raise Unprepared(f"{folder}: no source distribution")
    with tarfile.open(archive) as opened:
        opened.extractall(folder, filter="data")
    top = next(path for path in folder.iterdir() if path.is_dir())
    top.rename(target)


def _run(command: Sequence[object]) -> None:
    words = [str(word) for word in command]
    ended = subprocess.run(words, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if ended.returncode:
        raise Unprepared(f"{' '.join(words)}\n{ended.stdout[-2000:]}{ended.stderr[-2000:]}")
