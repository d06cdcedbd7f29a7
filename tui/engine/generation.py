"""One zygote and what it collected."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from tui.engine import wire
from tui.engine.launcher import Channel, launch
from tui.engine.snapshots import ForkedLine, Snapshot


class Owner(Protocol):
    """Who is told what a generation and its workers say."""

    def worker_started(self, generation: Generation, worker: int, pid: int) -> None: ...
    def worker_said(self, generation: Generation, worker: int, message: wire.FromWorker) -> None: ...
    def worker_exited(self, generation: Generation, exited: wire.Exited) -> None: ...
    def zygote_died(self, generation: Generation) -> None: ...


PLUGINS, CONFTESTS = "plugins", "conftests"
"""The snapshots that a launched agent leaves behind, by how far it had come."""


class Order(msgspec.Struct, frozen=True):
    """How a zygote is to be started: interpreter, pytest's arguments, and what the agent has to know.

    ``credentials`` are the plan's references, ``secrets`` values that are to be masked whatever they are called.
    """

    python: str
    pytest_args: tuple[str, ...]
    cwd: Path
    log: Path
    mark: str
    environment: dict[str, str]
    suites: tuple[dict[str, object], ...]
    selection: dict[str, object]
    credentials: tuple[str, ...]
    secrets: tuple[str, ...]


class Generation:
    """An agent that was launched or forked. ``collected`` is done when it stands ready, or has failed to.

    ``tests`` maps the agent's indexes to the run's test ids; whoever numbers tests fills it. ``files``: all that it is
    to collect, where that is a part (``is_ahead``). ``lane``: what the schedule knows it by.
    """

    def __init__(self, number: int, group: int, owner: Owner, lane: int, files: tuple[str, ...] = ()) -> None:
        self.number = number
        self.group = group
        self.lane = lane
        self.files = files
        self.rows: list[wire.Item] = []
        self.errors: list[wire.Uncollected] = []
        self.notes: list[str] = []
        self.facts: wire.Facts | None = None
        self.ready = 0.0
        """When it had collected."""
        self.tests: list[int | None] = []
        self.indexes: dict[int, int] = {}
        self.exit_code: int | None = None
        self.collected: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.data = ""
        """Names the state of the project's data files when they were last looked at."""
        self._owner = owner
        self._channel: Channel | ForkedLine | None = None
        self._checks: dict[int, asyncio.Future[tuple[str, ...]]] = {}
        self._finishing = False

    @property
    def pid(self) -> int:
        return 0 if self._channel is None else self._channel.pid

    @property
    def is_ready(self) -> bool:
        """It has collected and its zygote lives."""
        return self.facts is not None and self.exit_code is None and not self._finishing

    @property
    def cold_reason(self) -> str | None:
        return None if self.facts is None else self.facts.cold_reason

    def age(self, at: float) -> float | None:
        """How long it had been collected then; None where its workers collect for themselves."""
        # a clock may have been set back
        return max(0.0, at - self.ready) if self.ready and self.cold_reason is None else None

    async def fork(self, snapshot: Snapshot, changed: tuple[str, ...], next: Snapshot | None = None) -> bool:
        """Have a snapshot go on to collect; False where it can't. ``next``: what that shall leave behind in turn."""
        self._channel = await snapshot.fork(self.files, changed, self._hear, self._exited, next)
        return self._channel is not None

    async def launch(self, order: Order, changed: tuple[str, ...], snapshots: Mapping[str, Snapshot]) -> None:
        """Start the agent. Raises OSError when the interpreter can't be started."""
        controls = {level: snapshot.control for level, snapshot in snapshots.items()}
        self._channel = await launch(
            order.python, list(order.pytest_args), order.cwd, order.mark, order.log, self._hear, self._exited, controls
        )
        config = {
            "environment": order.environment,
            "credentials": order.credentials,
            "secrets": order.secrets,
            "suites": order.suites,
            "selection": order.selection,
            "mark": order.mark,
            "changed": changed,
            "is_first": self.number == 1,
        }
        self._channel.send(msgspec.json.encode(config) + b"\n")

    def number_tests(self, tests: list[int | None]) -> None:
        """Take the run's ids for what was collected, row by row (None: not of this run)."""
        self.tests = tests
        self.indexes = {test: index for index, test in enumerate(tests) if test is not None}

    def start_worker(self, worker: int, *, cold: bool) -> None:
        """Fork it; where that is not safe, or it is to be ``cold``, have it collect in a process of its own."""
        self._send(0, "start", worker, cold)

    def run(self, worker: int, tests: Sequence[int], limit: float | None) -> None:
        """Hand a worker tests to run one after another, each within ``limit`` seconds."""
        self._send(worker, "run", [self.indexes[test] for test in tests], limit)

    def drop(self, worker: int) -> None:
        """Have a worker leave the rest of its unit."""
        self._send(worker, "drop")

    def idle(self, worker: int) -> None:
        self._send(worker, "idle")

    def finish_worker(self, worker: int) -> None:
        self._send(worker, "finish")

    def foresee(self, index: int) -> None:
        """A test has failed, and will be run again: what its failure takes is prepared when nothing runs."""
        self._send(0, "failed", index)

    def end_worker(self, worker: int, grace: float, patience: float) -> None:
        """TERM to its process group, when its stacks are there or after ``patience``; KILL ``grace`` seconds later."""
        self._send(0, "end", worker, grace, patience)

    async def changed(self) -> tuple[str, ...]:
        """The files that are no longer as they were when this generation was collected."""
        if not self.is_ready:
            return ("(the collected process is gone)",)
        token = len(self._checks)
        answer: asyncio.Future[tuple[str, ...]] = asyncio.get_running_loop().create_future()
        self._checks[token] = answer
        self._send(0, "check", token)
        return await answer

    def finish(self, failed: list[int], passed: list[int]) -> None:
        """Let the zygote end as pytest ends, remembering for ``pytest --lf`` what failed and what passed."""
        if self._channel is not None and not self._finishing and self.exit_code is None:
            self._send(0, "finish", self._known(failed), self._known(passed))
        self._finishing = True

    def kill(self) -> None:
        if self._channel is not None and self.exit_code is None:
            self._channel.kill()

    def _known(self, tests: list[int]) -> list[int]:
        return [self.indexes[test] for test in tests if test in self.indexes]

    def _send(self, worker: int, *words: object) -> None:
        assert self._channel is not None
        self._channel.send(wire.line(worker, *words))

    def _hear(self, lines: list[bytes]) -> None:
        for line in lines:
            target, _, body = line.partition(b" ")
            try:
                if target == b"0":
                    self._heed(wire.from_zygote.decode(body))
                else:
                    self._owner.worker_said(self, int(target), wire.from_worker.decode(body))
            except (msgspec.DecodeError, ValueError):
                self.kill()  # it is not our agent that speaks: somebody writes on its channel
                return

    def _heed(self, said: wire.FromZygote) -> None:
        match said:
            case wire.Items():
                self.rows.extend(said.rows)
            case wire.Uncollected():
                self.errors.append(said)
            case wire.Note():
                self.notes.append(said.text)
            case wire.Collected():
                self.facts = said.facts
                self.ready = time.time()
                self.data = said.facts.data
                if not self.collected.done():
                    self.collected.set_result(None)
            case wire.Started():
                self._owner.worker_started(self, said.worker, said.pid)
            case wire.Exited():
                self._owner.worker_exited(self, said)
            case wire.Checked():
                self.data = said.data
                self._answer(self._checks.get(said.token), said.changed)

    def _answer(self, future: asyncio.Future[tuple[str, ...]] | None, changed: tuple[str, ...]) -> None:
        if future is not None and not future.done():
            future.set_result(changed)

    def _exited(self, code: int) -> None:
        self.exit_code = code
        for check in self._checks.values():
            self._answer(check, ("(the collected process is gone)",))
        if not self.collected.done():
            self.collected.set_result(None)
        if not self.ended.done():
            self.ended.set_result(None)
        if not self._finishing:
            self._owner.zygote_died(self)
