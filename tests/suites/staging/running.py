"""An environment for a test: started as anybody would start it, and ended with it."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
from websockets.sync.client import ClientConnection, connect

ROOT = Path(__file__).parents[3]
COMMAND = [sys.executable, "-m", "suites.staging"]


class Running:
    """A started environment. ``line`` is what it printed; ``http`` is a client of its edge, without a credential."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [*COMMAND, *arguments], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    @classmethod
    def of(cls, line: dict[str, Any]) -> Running:
        """One that somebody else started and ends."""
        there = cls.__new__(cls)
        there._use(line)
        return there

    def await_ready(self) -> Running:
        assert self.process.stdout is not None
        self._use(json.loads(self.process.stdout.readline()))
        return self

    def _use(self, line: dict[str, Any]) -> None:
        self.line = line
        self._token: str | None = None
        self.env: dict[str, str] = self.line["env"]
        self.base_url, self.ws_url = self.env["STAGING_BASE_URL"], self.env["STAGING_WS_URL"]
        self.http = httpx.Client(base_url=self.base_url, timeout=10, verify=False)

    @property
    def address(self) -> tuple[str, int]:
        url = httpx.URL(self.base_url)
        assert url.port is not None
        return url.host, url.port

    @property
    def token(self) -> str:
        """An access token of the first user."""
        if self._token is None:
            self._token = self.login()["access_token"]
        return self._token

    @property
    def bearer(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"}

    def login(self, **more: Any) -> dict[str, Any]:
        body = {"user": self.env["STAGING_USER"], "password": self.env["STAGING_PASSWORD"], **more}
        answer = self.http.post("/auth/login", json=body)
        assert answer.status_code == 200, answer.text
        granted: dict[str, Any] = answer.json()
        return granted

    def admin(self, method: str, path: str = "", body: Any = None) -> httpx.Response:
        key = {"x-staging-key": self.env["STAGING_ADMIN_KEY"]}
        return self.http.request(method, f"/_staging{path}", json=body, headers=key, timeout=30)

    @contextlib.contextmanager
    def fault(self, name: str) -> Iterator[None]:
        """With a fault on."""
        assert self.admin("PUT", f"/faults/{name}").status_code == 204
        try:
            yield
        finally:
            assert self.admin("DELETE", f"/faults/{name}").status_code == 204

    def services(self) -> dict[str, int]:
        """Process ids by instance."""
        pids: dict[str, int] = self.admin("GET").json()["services"]
        return pids

    def socket(self, **options: Any) -> ClientConnection:
        """A WebSocket with the first user's token, unless told otherwise."""
        options.setdefault("additional_headers", self.bearer)
        options.setdefault("open_timeout", 10)
        return connect(self.ws_url, **options)

    def raw(self, request: bytes, *, end: bool = True) -> bytes:
        """Everything that the edge says to these bytes on a connection of their own, until it closes."""
        with socket.create_connection(self.address, 10) as wire:
            wire.sendall(request)
            if end:
                wire.shutdown(socket.SHUT_WR)
            return all_of(wire)

    def processes(self) -> list[psutil.Process]:
        """The supervisor and all that come from it."""
        supervisor = psutil.Process(self.process.pid)
        return [supervisor, *supervisor.children(recursive=True)]

    def close(self) -> None:
        assert self.process.stdin is not None and self.process.stdout is not None
        if hasattr(self, "http"):
            self.http.close()
        self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()


@contextlib.contextmanager
def running(*arguments: str) -> Iterator[Running]:
    environment = Running(*arguments)
    try:
        yield environment.await_ready()
    finally:
        environment.close()


def all_of(wire: socket.socket) -> bytes:
    """What comes until the other side closes."""
    parts = []
    while part := wire.recv(65536):
        parts.append(part)
    return b"".join(parts)


def none_left(processes: list[psutil.Process]) -> bool:
    """Whether all of them end, in a few seconds at most."""
    return not psutil.wait_procs(processes, timeout=8)[1]
