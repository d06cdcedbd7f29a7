"""A run in the background: owns engine, journal, state and viewers, and ends them all with itself."""

from __future__ import annotations

import asyncio
import os
import signal
import time
import uuid
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Literal

import msgspec

from tui import events, places
from tui.engine.catalogue import Catalogue
from tui.engine.engine import DEFAULT_LIMIT, Engine, Settings
from tui.engine.environments import Environments
from tui.engine.masking import Mask, mask_for, secrets_in
from tui.engine.orphans import adopt_orphans, end_orphans
from tui.errors import INTERRUPTED, MALFORMED, StagewatchError
from tui.events import Event, Evidence, IterationBegan, IterationEnded, Noticed, Overridden, Recorded, Trusted
from tui.plan.model import Action
from tui.protocol import (
    Accepted,
    Act,
    Cancel,
    Command,
    EvidenceReply,
    Farewell,
    OnSave,
    Override,
    Refused,
    Rerun,
    Stop,
    Trust,
    WantEvidence,
)
from tui.session import logout, on_save, records
from tui.session.actions import Actions
from tui.session.folder import SessionFolder
from tui.session.iterations import Iterations
from tui.session.recorded import recorded_plan, recorded_selection
from tui.session.report_file import ReportFile
from tui.session.request import Ready, RunRequest, pytest_args
from tui.session.reruns import Reruns
from tui.session.salt import salt_of
from tui.session.server import Reply, Server
from tui.session.surroundings import Surroundings
from tui.state import RunState
from tui.target.environment import resolve

_FIRST_LOOK = 5.0
"""Seconds that whoever started a session that ends of itself gets to see its end."""
_MARK = "STAGEWATCH_SESSION"
_MOST_DEFAULT_WORKERS = 8


class Session:
    """One session, from its request to its last event. ``run`` returns its exit code."""

    def __init__(self, request: RunRequest) -> None:
        self._request = request
        self._root = Path(request.root)
        self._folder = places.project_folder(self._root)
        self._mark = f"{_MARK}={request.session}-{uuid.uuid4().hex}"
        self._iterations = Iterations(request.session, self._folder, self._show, self._show_anew)
        self._server = Server(request.session, self._iterations.snapshot, self._obey)
        self._stop = asyncio.Event()
        self._stop_reason = ""
        self._interrupted = False
        self._turning = asyncio.Lock()
        """Held while it is found out, and seen to, whether the next iteration is due."""
        self._turn: asyncio.Task[None] | None = None
        self._on_save = on_save.OnSave(
            self._root,
            lambda: self._state,
            lambda command, who: self._reruns.ask(command, who),
            lambda: self._engine.wait_until_quiet(),
            self._tell,
            lambda: self._surroundings.marks,
        )
        self._private = SessionFolder(request.session)
        self._report: ReportFile | None = None
        if request.report is not None:
            self._report = ReportFile(request.report, lambda: self._state, self._complain)

    async def run(self, ready: int) -> int:
        """``ready``: a descriptor that is told, in one line, where the session listens or why it can't."""
        lock = records.ProjectLock(self._root)
        if not lock.take():
            raise StagewatchError(
                f"a run of {self._root} is going on already: `stagewatch attach` joins it, `stagewatch stop` ends it"
            )
        self._credentials = resolve(self._request.plan, os.environ, self._root)
        self._masked.learn(secrets_in({}, self._credentials.values()))
        adopt_orphans()
        notes = [*self._request.notes, *self._bury_the_dead(), *self._iterations.open()]
        number = self._iterations.number
        socket = places.socket_path(self._request.session)
        record = self._held = records.HeldRecord(
            records.SessionRecord(
                self._request.session, os.getpid(), str(self._root), str(socket), number, time.time(), self._mark
            )
        )
        farewell = Farewell("the session ended by an error of its own", 3)
        try:
            self._private.make()
            self._begin(notes)
            if self._request.on_save:
                await self._on_save.turn(True, self._request.by)
            await self._server.listen(socket)
            _tell_ready(ready, Ready(socket=str(socket), iteration=number))
            farewell = await self._live(socket)
        finally:
            await self._iterations.close()
            if self._request.ends_with_run or farewell.exit_code:
                await self._server.wait_for_somebody(_FIRST_LOOK)
            await self._server.close(farewell)
            places.forget_socket(socket)
            self._private.remove()
            self._iterations.end()
            lock.release()
            record.release()  # the last: who waits for our end looks at it, and then starts the next
        return farewell.exit_code or 0

    def _bury_the_dead(self) -> list[str]:
        """Sessions that were killed: end what they left running, and say so."""
        notes = []
        for dead in records.take_dead():
            ended = [self._masked(text) for text in end_orphans(dead.mark)]
            left = f"; ended what it had left running: {', '.join(ended)}" if ended else ""
            notes.append(f"session {dead.name} (iteration {dead.iteration} of {dead.root}) was killed{left}")
            places.forget_socket(Path(dead.socket))
            SessionFolder(dead.name).remove()
        return notes

    @cached_property
    def _masked(self) -> Mask:
        """For a command line, which may hold what the plan and the environment keep secret."""
        plan = self._request.plan
        return mask_for([{}, *(suite.env for suite in plan.suites)], plan.target.credentials.values())

    @property
    def _state(self) -> RunState:
        return self._iterations.state

    def _begin(self, notes: list[str]) -> None:
        request, plan = self._request, self._request.plan
        environments = Environments(
            plan.suites, self._root, self._private.path, salt_of(self._folder), self._masked.learn
        )
        workers = request.workers or max(
            [min(os.cpu_count() or 1, _MOST_DEFAULT_WORKERS), *(suite.workers or 0 for suite in plan.suites)]
        )

        # Read while the tests are being collected: both take a while, on different processors.
        expected = asyncio.create_task(asyncio.to_thread(self._iterations.expected))
        self._surroundings = Surroundings(
            request, self._folder, self._mark, self._credentials, self._masked, self._tell, self._doubt
        )
        paths = {"python": request.python, "root": request.root, "session": str(self._private.path)}
        self._actions = Actions(
            plan.actions, Path(request.root), paths, self._surroundings.marks, self._masked, lambda: self._state,
            self._tell, self._iterations.flush, lambda: self._engine.look(), self._follow_action,
        )  # fmt: skip
        catalogue = Catalogue(plan, request.selection, environments.groups)
        settings = Settings(
            python=request.python,
            pytest_args=pytest_args(request),
            cwd=Path(request.cwd),
            log=self._folder / "pytest.log",
            mark=self._mark,
            workers=workers,
            limit=DEFAULT_LIMIT if request.limit is None else request.limit,
            spare=self._surroundings.spare,
        )
        settings.log.write_bytes(b"")
        self._engine = Engine(settings, plan, environments, catalogue, expected, self._record, self._masked, self._roll)
        self._reruns = Reruns(self._engine, self._iterations, self._turning, self._open_next)
        self._iterations.begin(
            IterationBegan(
                request.requested, events.VERSION, 0, self._root.name, str(self._root),
                recorded_plan(plan, self._masked), recorded_selection(request.selection, self._masked),
                workers, request.partial, request.revision, request.by,
            )
        )  # fmt: skip
        for note in notes:
            self._tell(Noticed(time.time(), note))

    async def _live(self, socket: Path) -> Farewell:
        """From the first event to the last."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._be_stopped, f"it got {signal.Signals(number).name}")
        loop.add_signal_handler(signal.SIGHUP, lambda: None)
        logout_check = asyncio.create_task(self._warn_of_logout())
        reachable = asyncio.create_task(self._server.stay_reachable(socket))
        work = asyncio.create_task(self._work())
        reporting = asyncio.create_task(self._report.keep() if self._report else asyncio.sleep(0))
        stopped = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait([work, stopped], return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                work.result()
            else:
                self._interrupted = self._state.is_running
                work.cancel()
                await asyncio.wait([work])
            farewell = Farewell(self._stop_reason or "the run has ended", INTERRUPTED if self._interrupted else None)
        except StagewatchError as error:
            self._stop_reason = str(error)
            farewell = Farewell(str(error), error.exit_code)
        finally:
            logout_check.cancel()
            reachable.cancel()
            stopped.cancel()
            reporting.cancel()
            self._on_save.close()
            self._reruns.close()
            await self._server.end_commands()
            await self._actions.close()
            if self._turn is not None:
                await asyncio.wait([self._turn])
            await self._iterations.flush()
            await self._close_engine()
            await self._surroundings.end()
        await self._iterations.flush()
        is_refused = farewell.exit_code == MALFORMED
        self._tell(IterationEnded(time.time(), self._interrupted, self._stop_reason, is_refused))
        await self._iterations.flush()
        if self._report is not None:
            self._report.write()
        return farewell

    async def _work(self) -> None:
        met = await self._surroundings.meet()
        self._actions.meet(met.environment)
        self._engine.meet(*met)
        await self._engine.run(self._request.requested, self._request.by)
        await self._quiet()
        if self._request.ends_with_run:
            return
        while True:
            await self._quiet()
            await self._server.unwatched.wait()
            try:
                await asyncio.wait_for(self._server.watched.wait(), self._request.unwatched_for)
            except TimeoutError:
                is_used = self._on_save.is_used(within=self._request.unwatched_for)
                if not self._state.is_running and self._actions.is_idle and not is_used:
                    self._stop_reason = "nobody had watched for a while"
                    return

    async def _quiet(self) -> None:
        """Until no test runs and no action, which may have tests run again."""
        await self._engine.wait_until_quiet()
        while not self._actions.is_idle:
            await self._actions.wait_until_idle()
            await self._engine.wait_until_quiet()

    async def _follow_action(self, action: Action, who: str) -> None:
        """What the plan says is run again after it."""
        what: Literal["failed", "all"] = "failed" if action.then == "rerun-failed" else "all"
        answer = await self._reruns.ask(Rerun(what, requested=time.time()), f"{who}, after {action.title}")
        if isinstance(answer, Refused):
            self._tell(Noticed(time.time(), f"no rerun after {action.title}: {answer.why}"))

    def _roll(self) -> None:
        """A rollout has cut passes off: the next iteration runs them, also where whoever asked for them is gone."""
        self._turn = asyncio.get_running_loop().create_task(self._go_on())
        self._turn.add_done_callback(self._end_by_fault)

    async def _go_on(self) -> None:
        async with self._turning:
            await self._open_next("")
            await self._engine.go_on()

    async def _open_next(self, by: str) -> None:
        revision = self._engine.deployed
        await self._iterations.open_next(f"revision {revision} is deployed", revision, by or self._request.by)
        self._held.say(self._iterations.number)
        expected = await asyncio.to_thread(self._iterations.expected)

        def tell_again() -> None:
            self._engine.begin_again(expected)
            self._actions.tell_again()
            self._on_save.tell_again()

        self._iterations.release(tell_again)

    def _end_by_fault(self, turn: asyncio.Task[None]) -> None:
        if not turn.cancelled() and (error := turn.exception()) is not None:
            self._be_stopped(f"the next iteration could not begin: {error!r}")

    async def _warn_of_logout(self) -> None:
        if warning := await logout.warning():
            self._complain(warning)

    async def _close_engine(self) -> None:
        present = list(self._state.present())
        failed = [test.id for test in present if test.is_failing]
        passed = [test.id for test in present if test.has_run and not test.is_failing]
        await self._engine.close(failed, passed)

    def _complain(self, text: str) -> None:
        self._tell(Noticed(time.time(), text, serious=True))

    def _doubt(self) -> None:
        self._engine.doubt()

    def _tell(self, event: Event) -> None:
        self._iterations.record(event)

    def _record(self, event: Event, evidence: Evidence | None) -> None:
        self._iterations.record(event, evidence)

    def _show(self, recorded: list[Recorded]) -> None:
        self._server.publish(recorded)
        self._on_save.happened()
        if self._report is not None:
            self._report.happened()

    def _show_anew(self) -> None:
        self._server.publish_anew()
        self._on_save.happened()
        if self._report is not None:
            self._report.happened()

    async def _obey(self, command: Command, who: str) -> Reply:
        match command:
            case WantEvidence():
                evidence = self._iterations.evidence(command.test, command.attempt)
                return EvidenceReply(command.test, command.attempt, evidence)
            case Stop():
                self._be_stopped(f"{who} stopped it")
                return Accepted("the session ends")
            case Cancel():
                return self._cancel(command, who)
            case Act():
                return await self._actions.begin(command.key, who)
            case Override():
                self._tell(Overridden(time.time(), who, self._masked(command.why)))
                await self._iterations.flush()
                return Accepted(f"{who} lets the deploy go on")
            case Trust():
                self._tell(Trusted(time.time(), command.paths, who))
                self._engine.trust(command.paths)
                await self._iterations.flush()
                return Accepted(f"runs warm again: {', '.join(command.paths)}")
            case Rerun():
                return await self._reruns.ask(command, who)
            case OnSave():
                return await self._on_save.turn(command.on, who)
        return Refused("the session has nothing to do with that")

    def _be_stopped(self, reason: str) -> None:
        self._stop_reason = reason
        self._stop.set()

    def _cancel(self, command: Cancel, who: str) -> Reply:
        if command.action:
            is_ended = self._actions.cancel(who)
            return Accepted("the action is being ended") if is_ended else Refused("no action is running")
        if self._state.starting:
            return Refused("the target is being started; stopping the session ends that too")
        if not self._engine.cancel(command.test, who):
            return Refused("nothing is running" if command.test is None else "this test is not running")
        return Accepted("the run is cancelled" if command.test is None else "the test is cancelled")


def _tell_ready(descriptor: int, ready: Ready) -> None:
    with suppress(BrokenPipeError), os.fdopen(descriptor, "wb") as pipe:
        pipe.write(msgspec.json.encode(ready) + b"\n")
