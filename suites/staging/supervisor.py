"""The supervisor: makes ports and secrets, forks the services, forks again what ends, and ends with its owner.

It holds the listening sockets, so a service that is forked again finds its port, and the connections that came
meanwhile, as they were. It imports the services once; each fork starts from there, and so does each further
environment, which is a fork of it with a supervisor of its own. It runs no thread and no event loop: it waits for its
owner, its children's ends and their messages.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import secrets
import selectors
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from suites.staging.auth import app as auth
from suites.staging.backend import app as backend
from suites.staging.child import Child, fork
from suites.staging.config import AUTH, BACKEND, EDGE, GATEWAYS, Config
from suites.staging.edge.run import Front, run_edge
from suites.staging.facade import build_facade
from suites.staging.faults import client_faults
from suites.staging.gateway import app as gateway
from suites.staging.keys import make_secrets
from suites.staging.owner import Ended, Owner, Parent, signals
from suites.staging.ready import await_ready, ready_line
from suites.staging.serving import serve
from suites.staging.switches import Switches
from suites.staging.wishes import Wishes

_SERVICES = (AUTH, BACKEND, *GATEWAYS)
_MAKERS = {AUTH: auth.make, BACKEND: backend.make, **dict.fromkeys(GATEWAYS, gateway.make)}
_FIRST_REVISION = "1"
_PROBE = "probe"
_END_PATIENCE = 3.0
_RESTART_PATIENCE = 5.0
_TOO_MANY_ENDS = 5  # of one service that never came up in between: then the environment is broken, and says so


def supervise(wishes: Wishes, owner: Owner) -> int:
    """Run an environment to its end. Returns the exit code: 0, or 1 when it did not come up or could not be kept up."""
    temporary = wishes.folder is None
    folder = Path(tempfile.mkdtemp(prefix="staging-")) if wishes.folder is None else wishes.folder.resolve()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.environ.update(wishes.env)
    try:
        _Supervisor(wishes, owner, folder, temporary).run()
    except Ended as ended:
        if ended.why:
            owner.explain(ended.why)
        return ended.code
    finally:
        if temporary:
            shutil.rmtree(folder, ignore_errors=True)


@dataclass
class _Restart:
    """A restart that was asked for: who waits for it (the edge, and its question's number), and what was before."""

    asker: Child
    number: int
    old: int
    kill_at: float | None = None


@dataclass
class _Further:
    """An environment that was forked off: who waits for what it does next."""

    child: Child
    asker: Child
    number: int


class _Supervisor:
    def __init__(self, wishes: Wishes, owner: Owner, folder: Path, temporary: bool) -> None:
        self._wishes, self._owner, self._folder = wishes, owner, folder
        self._listeners = {name: _listener() for name in (*_SERVICES, EDGE)}
        ports = {name: listener.getsockname()[1] for name, listener in self._listeners.items()}
        self._config = Config(folder, ports, make_secrets(), wishes.time_scale)
        Switches(folder).write(faults=wishes.faults, revision=_FIRST_REVISION, offset=0.0)
        self._facade = build_facade(self._config, wishes.faults, tls=wishes.tls)
        self._front = Front(self._facade.context, folder if temporary else None)
        self._children: dict[str, Child] = {}
        self._leaving: list[Child] = []
        self._restarts: dict[str, _Restart] = {}
        self._further: dict[str, _Further] = {}
        self._ends: dict[str, int] = {}
        self._ready = False  # found so by the probe
        self._announced = False  # which has ended then: an environment is its services, and nothing else
        self._selector = selectors.DefaultSelector()

    def run(self) -> NoReturn:
        """Until ``Ended``."""
        with signals(self._selector, self._signalled):
            try:
                self._owner.watch(self._selector)
                gc.freeze()  # what is there now is there in every fork too; their collectors need not touch it
                for name in (*_SERVICES, EDGE):
                    self._fork(name)
                while True:
                    self._wait()
            finally:
                self._end_all()
                self._selector.close()

    def _wait(self) -> None:
        deadlines = [restart.kill_at for restart in self._restarts.values() if restart.kill_at is not None]
        timeout = max(0.0, min(deadlines) - time.monotonic()) if deadlines else None
        for key, _ in self._selector.select(timeout):
            if key.fd in self._selector.get_map():  # an earlier one of the same round may have let go of it
                key.data()
        for name, restart in self._restarts.items():
            if restart.kill_at is not None and restart.kill_at <= time.monotonic():
                restart.kill_at = None
                self._children[name].signal(signal.SIGKILL)

    def _signalled(self, numbers: bytes) -> None:
        if signal.SIGTERM in numbers or signal.SIGINT in numbers:
            raise Ended(0)
        for child in self._all():
            if (code := child.ended()) is not None:
                self._child_ended(child, code)

    def _all(self) -> list[Child]:
        return [*self._children.values(), *self._leaving, *(further.child for further in self._further.values())]

    # -- what the children do

    def _fork(self, name: str) -> None:
        work = {EDGE: self._edge, _PROBE: self._probe}.get(name) or self._service(name)
        # The edge is told to end, not killed: it removes the folder when nobody else is left to do it.
        self._children[name] = self._begin(name, work, signal.SIGTERM if name == EDGE else signal.SIGKILL)

    def _begin(self, name: str, work: Callable[[socket.socket], None], dies_with: signal.Signals) -> Child:
        child = fork(name, work, self._folder / f"{name}.log", dies_with)
        self._selector.register(child.line, selectors.EVENT_READ, lambda: self._heard(child))
        return child

    def _service(self, name: str) -> Callable[[socket.socket], None]:
        def work(line: socket.socket) -> None:
            self._keep_only(name)
            serve(
                lambda: _MAKERS[name](self._config, name),
                self._listeners[name],
                Switches(self._folder),
                lambda: line.sendall(b'{"started": true}\n'),
            )

        return work

    def _edge(self, line: socket.socket) -> None:
        self._keep_only(EDGE)
        run_edge(self._config, self._front, self._listeners[EDGE], line)

    def _probe(self, line: socket.socket) -> None:
        healthy = not set(self._wishes.faults) - set(client_faults(self._wishes.faults))
        edge_port = self._config.ports[EDGE]
        wrong = await_ready(self._config, edge_port, self._front.context is not None, healthy=healthy)
        line.sendall(json.dumps({"probed": wrong}).encode() + b"\n")

    def _environment(self, wishes: Wishes) -> Callable[[socket.socket], None]:
        def work(line: socket.socket) -> None:
            self._keep_only("")
            raise SystemExit(supervise(wishes, Parent(line)))

        return work

    def _keep_only(self, name: str) -> None:
        """In a child: let go of the other services' sockets, and of the other children's lines."""
        self._selector.close()
        for other, listener in self._listeners.items():
            if other != name:
                listener.close()
        for child in self._all():
            child.line.close()

    # -- what the children say

    def _heard(self, child: Child) -> None:
        for message in child.messages():
            if "started" in message:
                self._child_started(child)
            elif "probed" in message:
                self._probed(message["probed"])
            elif "restart" in message:
                self._restart(child, message)
            elif "services" in message:
                child.tell({"number": message["number"], "pids": self._pids()})
            elif "environment" in message:
                self._begin_environment(child, message["number"], message["environment"])
            elif "end" in message:
                self._end_environment(child, message["number"], message["end"])
            else:
                self._environment_said(child, message)

    def _pids(self) -> dict[str, int]:
        return {name: self._children[name].pid for name in (*_SERVICES, EDGE)}

    def _child_started(self, child: Child) -> None:
        child.started = True
        self._ends[child.instance] = 0
        restart = self._restarts.pop(child.instance, None)
        if restart is not None:
            restart.asker.tell({"number": restart.number, "old": restart.old, "new": child.pid})
            if child.instance == EDGE:
                restart.asker.tell({"leave": True})
        if not self._announced and _PROBE not in self._children and all(c.started for c in self._children.values()):
            self._fork(_PROBE)

    def _probed(self, wrong: str | None) -> None:
        if wrong is not None:
            raise Ended(1, f"The staging environment did not get ready: {wrong} {self._last_words()}")
        self._ready = True

    def _probe_ended(self) -> None:
        del self._children[_PROBE]
        if not self._ready:
            raise Ended(1, f"The staging environment did not get ready. {self._last_words()}")
        self._announced = True
        self._owner.ready(ready_line(self._facade.target, self._facade.environment))

    def _restart(self, asker: Child, message: dict[str, Any]) -> None:
        name, how = message["restart"], message["how"]
        child = self._children[name]
        if name in self._restarts:
            asker.tell({"number": message["number"], "error": "already restarting"})
            return
        self._restarts[name] = restart = _Restart(asker, message["number"], child.pid)
        if name == EDGE:  # it has the answer to give: the new one comes first, then it leaves
            self._leaving.append(child)
            self._fork(EDGE)
        elif how == "kill":
            child.signal(signal.SIGKILL)
        else:
            child.signal(signal.SIGTERM)
            restart.kill_at = time.monotonic() + _RESTART_PATIENCE

    def _begin_environment(self, asker: Child, number: int, asked: dict[str, Any]) -> None:
        wishes = Wishes(tuple(asked["faults"]), asked["time_scale"], self._wishes.tls, None, asked["env"])
        name = f"env_{secrets.token_hex(8)}"
        child = self._begin(name, self._environment(wishes), signal.SIGTERM)
        self._further[name] = _Further(child, asker, number)

    def _environment_said(self, child: Child, message: dict[str, Any]) -> None:
        further = self._further[child.instance]
        further.asker.tell({"number": further.number, "id": child.instance, **message})

    def _end_environment(self, asker: Child, number: int, name: str) -> None:
        further = self._further.get(name)
        if further is None:
            asker.tell({"number": number, "error": "there is none"})
            return
        further.asker, further.number = asker, number
        further.child.signal(signal.SIGTERM)

    # -- what ends

    def _child_ended(self, child: Child, code: int) -> None:
        self._heard(child)  # its last words may not have been read yet
        self._selector.unregister(child.line)
        child.line.close()
        if child in self._leaving:
            self._leaving.remove(child)
        elif (further := self._further.pop(child.instance, None)) is not None:
            further.asker.tell({"number": further.number, "ended": code})
        elif child.instance == _PROBE:
            self._probe_ended()
        else:
            self._again(child, code)

    def _again(self, child: Child, code: int) -> None:
        name = child.instance
        if name in self._restarts:
            self._restarts[name].kill_at = None
        elif not child.started:
            self._ends[name] = self._ends.get(name, 0) + 1
            if not self._announced or self._ends[name] >= _TOO_MANY_ENDS:
                raise Ended(1, f"{name} of the staging environment ended ({code}). {self._last_words()}")
        self._fork(name)

    def _last_words(self) -> str:
        """The last lines of the services' logs: for whoever has to find out why there is no environment."""
        said = []
        for log in sorted(self._folder.glob("*.log")):
            lines = log.read_text(errors="replace").strip().splitlines()
            said += [f"{log.stem}: {line}" for line in lines[-8:]]
        return "\n".join(["Its services said:", *said]) if said else "Its services said nothing."

    def _end_all(self) -> None:
        """End every child, in the end by force, and wait for each: none is left when the supervisor is gone."""
        children = [child for child in self._all() if child.pid]
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])  # so that it can be waited for, with a limit
        for child in children:
            child.signal(signal.SIGTERM)
        deadline = time.monotonic() + _END_PATIENCE
        while children := [child for child in children if child.ended() is None]:
            if time.monotonic() > deadline:
                for child in children:
                    child.signal(signal.SIGKILL)
            signal.sigtimedwait([signal.SIGCHLD], 0.05)
        with contextlib.suppress(OSError):
            for held in (*self._listeners.values(), *self._facade.held):
                held.close()


def _listener() -> socket.socket:
    # The protocol is named because asyncio sets TCP_NODELAY only where it is, and what is accepted inherits it.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", 0))
    listener.listen(1024)
    listener.setblocking(False)
    return listener
