"""The ready line, and finding out that it may be printed."""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass

from suites.staging.config import AUTH, BACKEND, GATEWAYS, Config

_PATIENCE = 20.0


@dataclass(frozen=True)
class Target:
    """Where the environment says it can be reached, ``tls`` or not."""

    host: str
    port: int
    tls: bool

    @property
    def base_url(self) -> str:
        return f"http{'s' if self.tls else ''}://{self.host}:{self.port}"

    @property
    def ws_url(self) -> str:
        return f"ws{'s' if self.tls else ''}://{self.host}:{self.port}/ws"

    def urls(self) -> dict[str, str]:
        """``target`` of the ready line."""
        return {
            "base_url": self.base_url,
            "ws_url": self.ws_url,
            "health_url": f"{self.base_url}/health",
            "version_url": f"{self.base_url}/version",
        }


def suite_environment(target: Target, config: Config, client_faults: tuple[str, ...], ca: str | None) -> dict[str, str]:
    """``env`` of the ready line: what the suites need. ``ca``: the file of the CA that the runner is to trust."""
    first, second = config.secrets.accounts
    environment = {
        "STAGING_BASE_URL": target.base_url,
        "STAGING_WS_URL": target.ws_url,
        "STAGING_USER": first.name,
        "STAGING_PASSWORD": first.password,
        "STAGING_SECOND_USER": second.name,
        "STAGING_SECOND_PASSWORD": second.password,
        "STAGING_ADMIN_KEY": config.secrets.admin_key,
    }
    if ca is not None:
        environment["SSL_CERT_FILE"] = ca
    if client_faults:
        environment["STAGING_CLIENT_FAULT"] = ",".join(client_faults)
    return environment


def await_ready(config: Config, edge_port: int, tls: bool, *, healthy: bool) -> str | None:
    """Wait until the environment answers. Returns None, or one sentence on what did not.

    Healthy: ``GET /ready`` through the edge is 200. With faults, which may well make that impossible: every service
    behind answers something, and the edge's port accepts. Blocks, so the supervisor calls it in a process of its own.
    """
    deadline = time.monotonic() + _PATIENCE
    if healthy:
        return _through_the_edge(edge_port, tls, deadline)
    for instance in (AUTH, BACKEND, *GATEWAYS):
        try:
            _get(config.ports[instance], "/internal/health", tls=False, timeout=deadline - time.monotonic())
        except (OSError, http.client.HTTPException) as error:
            return f"{instance} does not answer: {error!r}."
    socket.create_connection(("127.0.0.1", edge_port), _PATIENCE).close()
    return None


def _through_the_edge(port: int, tls: bool, deadline: float) -> str | None:
    answer = "nothing yet"
    while (left := deadline - time.monotonic()) > 0:
        try:
            status, body = _get(port, "/ready", tls=tls, timeout=left)
        except (OSError, http.client.HTTPException) as error:
            answer = repr(error)
        else:
            if status == 200:
                return None
            answer = f"{status} {body[:500]!r}"
        time.sleep(0.02)  # what is not ready cannot be awaited from outside, only asked again
    return f"GET /ready through the edge: {answer}."


def _get(port: int, path: str, *, tls: bool, timeout: float) -> tuple[int, bytes]:
    connection: http.client.HTTPConnection
    if tls:
        # It is the edge's own certificate, good or not, and this is no client of it.
        unverified = ssl._create_unverified_context()
        connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=timeout, context=unverified)
    else:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def ready_line(target: Target, environment: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """The one line that is printed, before it is JSON."""
    return {"target": target.urls(), "env": dict(environment)}
