"""A user of Stagewatch with a home of their own, who types commands, and projects for them to run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import psutil

from tui import places, queries
from tui.engine.orphans import end_orphans, marked
from tui.session import records
from tui.session.records import SessionRecord
from tui.state import RunState

_T = TypeVar("_T")

STAGEWATCH = [sys.executable, "-P", "-c", "from tui.cli import main; raise SystemExit(main())"]
PATIENCE = 40.0
"""Seconds: only a test that fails ever waits that long."""

MIXED = {
    "test_mixed.py": """
import sys
import pytest

def test_passes():
    print("said by the one that passes")

def test_fails():
    print("said by the one that fails")
    assert 1 + 1 == 3, "sums <&> \\x1b[31m[red]"

@pytest.fixture
def broken():
    raise RuntimeError("no database")

def test_errs(broken): pass

@pytest.mark.skip(reason="not here")
def test_skipped(): pass

@pytest.mark.xfail
def test_xfails(): assert False

@pytest.mark.xfail
def test_xpasses(): pass

@pytest.fixture
def late():
    yield
    raise RuntimeError("late")

def test_fails_late(late): pass

@pytest.mark.parametrize("n", range(3))
def test_many(n): assert n >= 0
""",
    "test_broken.py": "import nothing_of_this_name\n",
}
"""Every outcome that a test has of itself."""

GREEN = {"test_green.py": "def test_one(): pass\n\ndef test_two(): pass\n"}

GATED = {
    "conftest.py": """
import os, time, pytest

@pytest.fixture
def gate():
    def wait():
        until = time.monotonic() + 60
        while not os.path.exists(os.environ["GATE"]):
            assert time.monotonic() < until, "the gate was never opened"
            time.sleep(0.01)
    return wait
""",
    "test_gated.py": """
import subprocess

def test_first(): pass

def test_fails(): assert False

def test_waits(gate):
    subprocess.Popen(["sleep", "300"], start_new_session=True)
    gate()

def test_last(): pass
""",
}
"""Stands still in ``test_waits``, beside a child that has left its session, until the gate is opened."""


class Ended(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


class User:
    """``home`` holds the state; the environment is bare of whatever the tests of Stagewatch run in."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.gate = home / "gate"
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
            "XDG_STATE_HOME": str(home / "state"),
            "XDG_RUNTIME_DIR": str(home / "runtime"),
            "GATE": str(self.gate),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        }
        (home / "runtime").mkdir(mode=0o700, parents=True, exist_ok=True)

    def project(self, name: str, files: Mapping[str, str]) -> Path:
        root = self.home / name
        for file, text in files.items():
            (root / file).parent.mkdir(parents=True, exist_ok=True)
            (root / file).write_text(text)
        (root / "pytest.ini").write_text("[pytest]\n")
        return root

    def start(self, *arguments: str, cwd: Path, **options: Any) -> subprocess.Popen[str]:
        """A command that is not waited for."""
        given = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        return subprocess.Popen([*STAGEWATCH, *arguments], cwd=cwd, env=self.env, text=True, **given)

    def type(self, *arguments: str, cwd: Path, **options: Any) -> Ended:
        """A command, to its end."""
        process = self.start(*arguments, cwd=cwd, **options)
        out, err = process.communicate(timeout=PATIENCE)
        return Ended(process.returncode, out, err)

    def run(self, *arguments: str, cwd: Path, **options: Any) -> Ended:
        return self.type("run", "--python", sys.executable, "--workers", "2", *arguments, cwd=cwd, **options)

    def begin(self, *arguments: str, cwd: Path, **options: Any) -> subprocess.Popen[str]:
        return self.start("run", "--python", sys.executable, "--workers", "1", *arguments, cwd=cwd, **options)

    def open_gate(self) -> None:
        self.gate.touch()

    @contextmanager
    def at_home(self) -> Iterator[None]:
        """What is read here is read as this user's."""
        before = dict(os.environ)
        os.environ.update({name: self.env[name] for name in ("XDG_STATE_HOME", "HOME")})
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)

    def sessions(self) -> list[SessionRecord]:
        with self.at_home():
            return records.live()

    def session(self) -> SessionRecord:
        """The one that is alive, when it has begun to listen."""
        return until(lambda: next((one for one in self.sessions() if Path(one.socket).exists()), None))

    def folder(self, root: Path) -> Path:
        with self.at_home():
            return places.project_folder(root)

    def recorded(self, root: Path, number: int | None = None) -> RunState:
        return queries.load(self.folder(root), number)

    def outcomes(self, root: Path) -> dict[str, str]:
        """Of what is recorded so far, by test name; empty before there is anything."""
        try:
            return {test.name: test.status for test in self.recorded(root).present()}
        except Exception:
            return {}

    def leave(self) -> None:
        """End whatever is still alive of this user's."""
        for record in self.sessions():
            for process in [psutil.Process(record.pid), *marked(record.mark)]:
                process.kill()
            end_orphans(record.mark)


def until(condition: Callable[[], _T | None], patience: float = PATIENCE) -> _T:
    """Wait for something to be true (or there); a test that waits in vain says for what."""
    deadline = time.monotonic() + patience
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"still not so after {patience:g} s")
        time.sleep(0.02)
    return found


def bearing(mark: str) -> list[str]:
    """The command lines of the processes that bear a session's mark, zombies left out."""
    found = []
    for process in marked(mark):
        try:
            if process.status() != psutil.STATUS_ZOMBIE:
                found.append(" ".join(process.cmdline()))
        except psutil.Error:
            continue
    return found
