"""Runs an engine, or the whole command, on a project made for a test, and keeps what was told.

Real processes only. Nothing here sleeps: a test waits for an event, or for a process to end.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import textwrap
import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec

from tests.engine.interpreters import tested
from tui.engine.catalogue import Catalogue
from tui.engine.engine import Engine, Settings
from tui.engine.environments import Environments
from tui.engine.masking import mask_for
from tui.engine.orphans import adopt_orphans, marked
from tui.events import VERSION, Collected, Event, Evidence, IterationBegan, Recorded, TestFinished
from tui.journal.baseline import Baseline
from tui.plan.model import Plan, Selection
from tui.state import RunState, Test, reduce

PROJECTS = Path(__file__).parent.parent / "projects"
TESTED = tested()
PATIENCE = 60.0
"""Seconds after which waiting has failed; nothing here takes a tenth of it."""


def copy_of(name: str, to: Path) -> Path:
    """A copy of a project of ``tests/projects``: pytest leaves things in the folders it runs in."""
    return shutil.copytree(PROJECTS / name, to / name, ignore=shutil.ignore_patterns("__pycache__", ".pytest_cache"))


def make_project(folder: Path, **files: str) -> Path:
    """A project of few words: ``make_project(tmp_path, test_a="def test_b(): pass")``; ``__`` in a name is a ``/``."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pytest.ini").write_text("[pytest]\n")
    for name, text in files.items():
        path = folder / (name.replace("__", "/") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
    return folder


class Told:
    """Everything that an engine has told, and what it adds up to."""

    def __init__(self) -> None:
        self.state = RunState()
        self.events: list[Event] = []
        self.evidence: dict[tuple[int, int], Evidence] = {}

    def hear(self, event: Event, evidence: Evidence | None) -> None:
        self.events.append(event)
        reduce(self.state, event)
        test = getattr(event, "test", None)
        if evidence is not None and test is not None:
            id = test if isinstance(test, int) else test.id
            self.evidence[id, len(self.state.tests[id].attempts)] = evidence

    @property
    def collected(self) -> Collected | None:
        """The last that was told of a collection."""
        return next((event for event in reversed(self.events) if isinstance(event, Collected)), None)

    def test(self, name: str) -> Test:
        """The one test whose node id is, or ends in, ``name``."""
        found = [test for test in self.state.present() if test.node == name or test.node.endswith("::" + name)]
        assert len(found) == 1, f"{name}: {[test.node for test in found or self.state.present()]}"
        return found[0]

    def outcome(self, name: str) -> str:
        return self.test(name).outcome

    def outcomes(self) -> dict[str, str]:
        """By node id; where ids repeat, the last."""
        return {test.node: test.outcome for test in self.state.present()}

    def message(self, name: str) -> str:
        return self.test(name).attempts[-1].message

    def evidence_of(self, name: str) -> Evidence:
        """Of the last attempt; empty where it left nothing."""
        test = self.test(name)
        return self.evidence.get((test.id, len(test.attempts)), Evidence())

    def text_of(self, name: str) -> str:
        """Its captured sections, joined."""
        return "".join(text for _, text in self.evidence_of(name).sections)

    def notices(self) -> str:
        return "\n".join(text for _, text, _ in self.state.notices)

    def recorded(self) -> list[Recorded]:
        return [Recorded(seq, event) for seq, event in enumerate(self.events, start=1)]


class Hosted:
    """An engine in this process, for as long as the ``async with`` lasts; then nothing that it started is left."""

    def __init__(
        self,
        project: Path,
        *pytest_args: str,
        workers: int = 1,
        limit: float = PATIENCE,
        python: str = TESTED,
        plan: Plan | None = None,
        selection: Selection | None = None,
        usual: Baseline | None = None,
    ) -> None:
        self.told = Told()
        self.mark = f"STAGEWATCH_SESSION=test-{uuid.uuid4().hex}"
        self.log = project.parent / f"{project.name}.log"
        self._plan = plan or Plan()
        self._selection = selection or Selection()
        self._usual = usual or Baseline.nothing()
        self._changed = asyncio.Event()
        self._settings = Settings(
            python=python, pytest_args=pytest_args, cwd=project, log=self.log, mark=self.mark,
            workers=workers, limit=limit,
        )  # fmt: skip

    async def __aenter__(self) -> Hosted:
        adopt_orphans()
        self.log.write_bytes(b"")
        expected = asyncio.ensure_future(self._expect())
        root = self._settings.cwd
        mask = mask_for([], self._plan.target.credentials.values())
        environments = Environments(self._plan.suites, root, root / "session", b"salt", mask.learn)
        catalogue = Catalogue(self._plan, self._selection, environments.groups)
        self.engine = Engine(self._settings, self._plan, environments, catalogue, expected, self._hear, mask)
        self._hear(IterationBegan(time.time(), VERSION, 1, root.name, str(root), self._plan, self._selection, 1), None)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.wait_for(self.engine.close([], []), PATIENCE)
        left = marked(self.mark)
        assert not left, f"left running: {left}"

    async def run(self) -> Told:
        """The first pass, to its end."""
        await asyncio.wait_for(self.engine.run(time.time(), "a test"), PATIENCE)
        return await self.quiet()

    async def rerun(self, *names: str) -> Told:
        """Run the tests of these names again (all, when none is given), to the end."""
        present = list(self.told.state.present())
        tests = [self.told.test(name).id for name in names] or [test.id for test in present]
        await asyncio.wait_for(self.engine.rerun(tests, time.time(), "a test", "tests"), PATIENCE)
        return await self.quiet()

    async def quiet(self) -> Told:
        await asyncio.wait_for(self.engine.wait_until_quiet(), PATIENCE)
        return self.told

    async def until(self, holds: Callable[[RunState], bool]) -> None:
        """Until the state is so."""
        async with asyncio.timeout(PATIENCE):
            while not holds(self.told.state):
                self._changed.clear()
                await self._changed.wait()

    async def _expect(self) -> Baseline:
        return self._usual

    def _hear(self, event: Event, evidence: Evidence | None) -> None:
        self.told.hear(event, evidence)
        self._changed.set()


def run_engine(project: Path, *pytest_args: str, **options: Any) -> Told:
    """One whole run, from nothing to nothing."""

    async def run() -> Told:
        async with Hosted(project, *pytest_args, **options) as hosted:
            return await hosted.run()

    return asyncio.run(run())


class Commanded(msgspec.Struct):
    """What ``stagewatch run --headless --json FILE`` left: its results are ``document``, unless it could not begin."""

    code: int
    out: str
    error: str
    document: dict[str, Any]
    junit: str

    def outcomes(self) -> dict[str, str]:
        return {test["id"]: test["outcome"] for test in self.document["tests"]}


def command(project: Path, *arguments: str, python: str = TESTED, **environment: str) -> Commanded:
    """Run the whole program on a project."""
    json_file, junit_file = project.parent / f"{project.name}.json", project.parent / f"{project.name}.xml"
    before, pytest_args = _split(arguments)
    done = subprocess.run(
        [
            sys.executable, "-m", "tui", "run", "--headless", "--python", python,
            "--json", str(json_file), "--junit", str(junit_file), *before, *pytest_args,
        ],
        cwd=project, env=os.environ | {"PYTHONPATH": str(PROJECTS.parent.parent)} | environment,
        stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE * 2, check=False,
    )  # fmt: skip
    return Commanded(
        done.returncode,
        done.stdout.decode("utf-8", "replace"),
        done.stderr.decode("utf-8", "replace"),
        json.loads(json_file.read_bytes()) if json_file.exists() else {},
        junit_file.read_text(encoding="utf-8") if junit_file.exists() else "",
    )


def plain_pytest(project: Path, *arguments: str, python: str = TESTED) -> subprocess.CompletedProcess[str]:
    """pytest itself on the same project."""
    return subprocess.run(
        [python, "-m", "pytest", *arguments], cwd=project, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=PATIENCE * 2, check=False,
    )  # fmt: skip


def finished(told: Told) -> list[TestFinished]:
    """Every attempt's end, in the order in which they came."""
    return [event for event in told.events if isinstance(event, TestFinished)]


def _split(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Before ``--``, and from it on."""
    at = arguments.index("--") if "--" in arguments else len(arguments)
    return list(arguments[:at]), list(arguments[at:])
