"""The admin endpoint of the embedded environment: what a test uses that restarts, exhausts or breaks something.

No part of the platform: a remote target has none, and tests that need it say so and are skipped.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx

from suites.client.target import Target

_SLOW = 30.0
"""Seconds that the start or restart of processes may take on a busy machine."""


@dataclass(frozen=True)
class Admin:
    """The admin endpoint of one environment."""

    target: Target
    http: httpx.AsyncClient

    async def call(self, method: str, path: str = "", json: Any = None, *, key: str | None = None) -> httpx.Response:
        """Any of its requests; the response as it came."""
        return await self.http.request(
            method,
            f"{self.target.base_url}/_staging{path}",
            json=json,
            headers={"x-staging-key": self.target.admin_key if key is None else key},
            timeout=_SLOW,
        )

    async def status(self) -> dict[str, Any]:
        """What the environment says of itself: faults, revision, processes."""
        status: dict[str, Any] = (await self._done("GET", "")).json()
        return status

    async def set_fault(self, name: str) -> None:
        """Break something."""
        await self._done("PUT", f"/faults/{name}")

    async def clear_fault(self, name: str) -> None:
        """Mend it."""
        await self._done("DELETE", f"/faults/{name}")

    async def deploy(self, revision: str, *, rolling: bool = False) -> None:
        """Let the environment say that another revision runs; *rolling*: in turn with the one before."""
        await self._done("POST", "/revision", {"revision": revision, "rolling": rolling})

    async def set_clock(self, offset: float) -> None:
        """Set every service's clock ahead by so many seconds."""
        await self._done("POST", "/clock", {"offset": offset})

    async def restart(self, service: str, *, kill: bool = False) -> dict[str, Any]:
        """Restart a service, politely or by SIGKILL; returns when the new one answers, with ``old`` and ``new`` pid."""
        how = {"how": "kill" if kill else "term"}
        restarted: dict[str, Any] = (await self._done("POST", f"/services/{service}/restart", how)).json()
        return restarted

    async def _done(self, method: str, path: str, json: Any = None) -> httpx.Response:
        response = await self.call(method, path, json)
        assert response.is_success, f"the admin endpoint answered HTTP {response.status_code}: {response.text[:200]}"
        return response


@dataclass(frozen=True)
class Environment:
    """An environment of a test's own: its target (with its own users) and its admin endpoint."""

    id: str
    target: Target
    admin: Admin


@asynccontextmanager
async def own_environment(
    admin: Admin, *, faults: Sequence[str] = (), env: Mapping[str, str] | None = None
) -> AsyncIterator[Environment]:
    """A fresh environment like the one of ``admin``, ended when the block is left."""
    response = await admin.call("POST", "/environments", {"faults": list(faults), "env": dict(env or {})})
    assert response.status_code == 201, (
        f"no environment of one's own: HTTP {response.status_code}, {response.text[:200]}"
    )
    made = response.json()
    target = replace(Target.of(made["env"]), timeout=admin.target.timeout, client_faults=admin.target.client_faults)
    try:
        yield Environment(made["id"], target, Admin(target, admin.http))
    finally:
        ended = await admin.call("DELETE", f"/environments/{made['id']}")
        assert ended.status_code == 204, f"the environment did not end: HTTP {ended.status_code}"
