"""The supervisor: makes ports and secrets, forks the services, forks again what ends, and ends with its owner.

It holds the listening sockets, so a service that is forked again finds its port, and the connections that came
meanwhile, as they were. It imports the services once; each fork starts from there. It runs no thread and no event
loop: it waits for its owner (standard input, signals, the parent's end), its children's ends and their messages.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import selectors
import shutil
import signal
import socket
import ssl
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from suites.staging.auth import app as auth
from suites.staging.backend import app as backend
from suites.staging.certificates import Certificates, make_certificates
from suites.staging.child import Child, fork
from suites.staging.config import AUTH, BACKEND, EDGE, GATEWAYS, Config
from suites.staging.edge.run import Front, run_edge
from suites.staging.faults import client_faults
from suites.staging.gateway import app as gateway
from suites.staging.keys import make_secrets
from suites.staging.ready import Target, await_ready, ready_line, suite_environment
from suites.staging.serving import serve
from suites.staging.switches import Switches

_SERVICES = (AUTH, BACKEND, *GATEWAYS)
_MAKERS = {AUTH: auth.make, BACKEND: backend.make, **dict.fromkeys(GATEWAYS, gateway.make)}
_TLS_FAULTS = {"A4-certificate-expired", "A5-certificate-wrong-name", "A6-private-ca", "A8-alpn-picks-h2"}
_FIRST_REVISION = "1"
_PROBE = "probe"
_END_PATIENCE = 3.0
_RESTART_PATIENCE = 5.0
_TOO_MANY_ENDS = 5  # of one service that never came up in between: then the environment is broken, and says so


@dataclass(frozen=True)
class Wishes:
    """How an environment was asked to be. ``faults``: full names."""

    faults: tuple[str, ...]
    time_scale: float
    tls: bool
    folder: Path | None
    forever: bool


def supervise(wishes: Wishes) -> int:
    """Run an environment to its end. Returns the exit code: 0, or 1 when it did not come up or could not be kept up."""
    temporary = wishes.folder is None
    folder = Path(tempfile.mkdtemp(prefix="staging-")) if wishes.folder is None else wishes.folder.resolve()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        return _Supervisor(wishes, folder, temporary).run()
    finally:
        if temporary:
            shutil.rmtree(folder, ignore_errors=True)


class _Ended(Exception):
    """The environment is to end. ``code`` is its exit code, ``why`` a sentence when something went wrong."""

    def __init__(self, code: int, why: str = "") -> None:
        super().__init__(why)
        self.code, self.why = code, why


@dataclass
class _Restart:
    """A restart that was asked for: who waits for it (the edge, and its question's number), and what was before."""

    asker: Child
    number: int
    old: int
    kill_at: float | None = None


class _Supervisor:
    def __init__(self, wishes: Wishes, folder: Path, temporary: bool) -> None:
        self._wishes, self._folder = wishes, folder
        self._listeners = {name: _listener() for name in (*_SERVICES, EDGE)}
        ports = {name: listener.getsockname()[1] for name, listener in self._listeners.items()}
        self._config = Config(folder, ports, make_secrets(), wishes.time_scale)
        Switches(folder).write(faults=wishes.faults, revision=_FIRST_REVISION, offset=0.0)
        self._tls = wishes.tls or bool(_TLS_FAULTS.intersection(wishes.faults))
        self._certificates = make_certificates(folder, _kind(wishes.faults)) if self._tls else None
        self._target = self._advertised()
        self._front = Front(self._context(), folder if temporary else None)
        self._children: dict[str, Child] = {}
        self._leaving: list[Child] = []
        self._restarts: dict[str, _Restart] = {}
        self._ends: dict[str, int] = {}
        self._announced = False
        self._selector = selectors.DefaultSelector()

    # -- what is advertised

    def _advertised(self) -> Target:
        port = self._config.ports[EDGE]
        if "A1-name-does-not-resolve" in self._wishes.faults:
            return Target("staging.invalid", port, self._tls)
        if "A2-nothing-listens" in self._wishes.faults:
            self._unheard = socket.socket()  # bound for as long as the environment runs, so that nobody else listens
            self._unheard.bind(("127.0.0.1", 0))
            return Target("127.0.0.1", self._unheard.getsockname()[1], self._tls)
        return Target("127.0.0.1", port, self._tls or "A7-tls-to-plain-port" in self._wishes.faults)

    def _context(self) -> ssl.SSLContext | None:
        if self._certificates is None or "A7-tls-to-plain-port" in self._wishes.faults:
            return None
        h2 = "A8-alpn-picks-h2" in self._wishes.faults
        return self._certificates.context(("h2", "http/1.1") if h2 else ("http/1.1",))

    def _suite_environment(self) -> dict[str, str]:
        trusted = self._certificates if "A6-private-ca" not in self._wishes.faults else None
        ca = str(trusted.ca) if isinstance(trusted, Certificates) else None
        return suite_environment(self._target, self._config, client_faults(self._wishes.faults), ca)

    # -- the loop

    def run(self) -> int:
        try:
            self._keep()
        except _Ended as ended:
            if ended.why:
                print(ended.why, file=sys.stderr)
            return ended.code

    def _keep(self) -> NoReturn:
        with self._owner_watched():
            try:
                gc.freeze()  # what is there now is there in every fork too; their collectors need not touch it
                for name in (*_SERVICES, EDGE):
                    self._fork(name)
                while True:
                    self._wait()
            finally:
                self._end_all()

    @contextlib.contextmanager
    def _owner_watched(self) -> Any:
        """Turn signals, the standard input's end and the parent's end into something to select."""
        woken, waker = socket.socketpair()
        for end in (woken, waker):
            end.setblocking(False)
        former = {number: signal.signal(number, _noted) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)}
        wakeup = signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
        self._selector.register(woken, selectors.EVENT_READ, lambda: self._signalled(woken.recv(4096)))
        if not self._wishes.forever:
            self._watch_input()
            self._watch_parent()
        try:
            yield
        finally:
            signal.set_wakeup_fd(wakeup)
            for number, handler in former.items():
                signal.signal(number, handler)
            self._selector.close()
            woken.close()
            waker.close()

    def _watch_input(self) -> None:
        def look() -> None:
            if not os.read(0, 4096):
                raise _Ended(0)

        try:
            self._selector.register(0, selectors.EVENT_READ, look)
        except (OSError, ValueError):  # a file, the null device or nothing at all: its end is here already
            raise _Ended(0, "The standard input has ended already, and so does this; --forever keeps it.") from None

    def _watch_parent(self) -> None:
        """A pidfd, for the standard input may be held open by others than the parent."""

        def ended() -> None:
            raise _Ended(0)

        if hasattr(os, "pidfd_open"):
            with contextlib.suppress(OSError):
                self._selector.register(os.pidfd_open(os.getppid()), selectors.EVENT_READ, ended)

    def _wait(self) -> None:
        deadlines = [restart.kill_at for restart in self._restarts.values() if restart.kill_at is not None]
        timeout = max(0.0, min(deadlines) - time.monotonic()) if deadlines else None
        for key, _ in self._selector.select(timeout):
            if key.fileobj in self._selector.get_map():  # an earlier one of the same round may have let go of it
                key.data()
        for name, restart in self._restarts.items():
            if restart.kill_at is not None and restart.kill_at <= time.monotonic():
                restart.kill_at = None
                self._children[name].signal(signal.SIGKILL)

    def _signalled(self, numbers: bytes) -> None:
        if signal.SIGTERM in numbers or signal.SIGINT in numbers:
            raise _Ended(0)
        for child in (*self._children.values(), *self._leaving):
            if (code := child.ended()) is not None:
                self._child_ended(child, code)

    # -- children

    def _fork(self, name: str) -> None:
        work = {EDGE: self._edge, _PROBE: self._probe}.get(name) or self._service(name)
        # The edge is told to end, not killed: it removes the folder when nobody else is left to do it.
        dies_with = signal.SIGTERM if name == EDGE else signal.SIGKILL
        child = fork(name, work, self._folder / f"{name}.log", dies_with)
        self._children[name] = child
        self._selector.register(child.line, selectors.EVENT_READ, lambda: self._heard(child))

    def _service(self, name: str) -> Callable[[socket.socket], None]:
        def work(line: socket.socket) -> None:
            listener = self._keep_only(name)
            serve(
                lambda: _MAKERS[name](self._config, name),
                listener,
                Switches(self._folder),
                lambda: line.sendall(b'{"started": true}\n'),
            )

        return work

    def _edge(self, line: socket.socket) -> None:
        run_edge(self._config, self._front, self._keep_only(EDGE), line)

    def _probe(self, line: socket.socket) -> None:
        healthy = not set(self._wishes.faults) - set(client_faults(self._wishes.faults))
        edge_port = self._config.ports[EDGE]
        wrong = await_ready(self._config, edge_port, self._front.context is not None, healthy=healthy)
        line.sendall(json.dumps({"probed": wrong}).encode() + b"\n")

    def _keep_only(self, name: str) -> socket.socket:
        """In a child: let go of the other services' sockets, and of the other children's lines."""
        self._selector.close()
        for other, listener in self._listeners.items():
            if other != name:
                listener.close()
        for child in (*self._children.values(), *self._leaving):
            child.line.close()
        return self._listeners[name]

    def _heard(self, child: Child) -> None:
        messages = child.messages()
        if not messages and not child.pid:
            return
        for message in messages:
            if "started" in message:
                self._child_started(child)
            elif "probed" in message:
                self._probed(message["probed"])
            elif "restart" in message:
                self._restart(child, message)
            elif "services" in message:
                child.tell({"number": message["services"], "pids": self._pids()})

    def _pids(self) -> dict[str, int]:
        return {name: self._children[name].pid for name in (*_SERVICES, EDGE)}

    def _child_started(self, child: Child) -> None:
        child.started = True
        self._ends[child.instance] = 0
        restart = self._restarts.pop(child.instance, None)
        if restart is not None:
            restart.asker.tell({"number": restart.number, "old": restart.old, "new": child.pid})
            if child.instance == EDGE:
                # Its answer is on its way before it hears this, for it reads both from one line.
                restart.asker.tell({"leave": True})
        if not self._announced and _PROBE not in self._children and all(c.started for c in self._children.values()):
            self._fork(_PROBE)

    def _probed(self, wrong: str | None) -> None:
        if wrong is not None:
            raise _Ended(1, f"The staging environment did not get ready: {wrong} {self._last_words()}")
        self._announced = True
        print(json.dumps(ready_line(self._target, self._suite_environment())), flush=True)

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

    def _child_ended(self, child: Child, code: int) -> None:
        if child.instance == _PROBE:
            self._heard(child)  # its last message may not have been read yet
        self._selector.unregister(child.line)
        child.line.close()
        if child in self._leaving:
            self._leaving.remove(child)
        elif child.instance == _PROBE:
            del self._children[_PROBE]
            if not self._announced:
                raise _Ended(1, f"The staging environment did not get ready. {self._last_words()}")
        else:
            self._again(child, code)

    def _again(self, child: Child, code: int) -> None:
        name = child.instance
        if name in self._restarts:
            self._restarts[name].kill_at = None
        elif not child.started:
            self._ends[name] = self._ends.get(name, 0) + 1
            if not self._announced or self._ends[name] >= _TOO_MANY_ENDS:
                raise _Ended(1, f"{name} of the staging environment ended ({code}). {self._last_words()}")
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
        children = [child for child in (*self._children.values(), *self._leaving) if child.pid]
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])  # so that it can be waited for, with a limit
        for child in children:
            child.signal(signal.SIGTERM)
        deadline = time.monotonic() + _END_PATIENCE
        while children := [child for child in children if child.ended() is None]:
            if time.monotonic() > deadline:
                for child in children:
                    child.signal(signal.SIGKILL)
            signal.sigtimedwait([signal.SIGCHLD], 0.05)


def _listener() -> socket.socket:
    # The protocol is named because asyncio sets TCP_NODELAY only where it is, and what is accepted inherits it.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", 0))
    listener.listen(1024)
    listener.setblocking(False)
    return listener


def _kind(faults: tuple[str, ...]) -> Any:
    if "A4-certificate-expired" in faults:
        return "expired"
    return "wrong-name" if "A5-certificate-wrong-name" in faults else "good"


def _noted(number: int, frame: object) -> None:
    """Signals are read from the wakeup socket; the handler is there so that they are written to it."""
