"""The backend as the gateway uses it: REST with the user's own credential, and a thread's events as they come."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import httpx

from suites.staging.config import BACKEND, PROBLEMS, Config
from suites.staging.problems import Problem, unavailable
from suites.staging.verify import Verifier

_TIMEOUT = httpx.Timeout(10.0)
_STREAM_TIMEOUT = httpx.Timeout(10.0, read=20.0)  # a quiet stream has a blank line every few seconds
_NO_LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=50, keepalive_expiry=3.0)


class StreamOver(Exception):
    """A thread's stream has ended, and is not to be opened again: the thread is gone."""


class Backend:
    """Calls to the backend. What it refuses is raised as the :class:`Problem` that it said."""

    def __init__(self, config: Config, verifier: Verifier) -> None:
        self._url = config.url(BACKEND)
        self._verifier = verifier
        # There is no TLS between services: without verify=False each client would load the system's CAs all the same.
        # Streams are apart, for each holds a connection and the calls must not wait for one.
        self._calls = httpx.AsyncClient(timeout=_TIMEOUT, limits=_NO_LIMITS, trust_env=False, verify=False)
        self._streams = httpx.AsyncClient(timeout=_STREAM_TIMEOUT, limits=_NO_LIMITS, trust_env=False, verify=False)

    async def thread(self, token: str, thread: str) -> dict[str, Any]:
        """A thread, if its user may see it."""
        return await self._call(token, "GET", f"/threads/{_part(thread)}")

    async def last_sequence(self, token: str, thread: str) -> int:
        """The sequence of a thread's newest event; 0 if it has none."""
        events = (await self._call(token, "GET", f"/threads/{_part(thread)}/events"))["items"]
        return int(events[-1]["sequence"]) if events else 0

    async def add_message(self, token: str, thread: str, body: dict[str, Any]) -> dict[str, Any]:
        return await self._call(token, "POST", f"/threads/{_part(thread)}/messages", body)

    async def start_run(self, token: str, thread: str, body: dict[str, Any]) -> dict[str, Any]:
        return await self._call(token, "POST", f"/threads/{_part(thread)}/runs", body)

    async def cancel_run(self, token: str, run: str) -> dict[str, Any]:
        return await self._call(token, "POST", f"/runs/{_part(run)}/cancel")

    @asynccontextmanager
    async def events(self, thread: str, after: int) -> AsyncGenerator[AsyncGenerator[dict[str, Any], None], None]:
        """A thread's events beyond ``after`` and its new messages: ``{"event"}`` or ``{"message"}`` each.

        Once this is entered nothing is missed. Raises ``StreamOver``, ``Problem`` and ``httpx.HTTPError``.
        """
        path = f"{self._url}/internal/threads/{_part(thread)}/events"
        headers = await self._verifier.headers()
        async with self._streams.stream("GET", path, params={"after": after}, headers=headers) as response:
            if response.status_code == 404:
                raise StreamOver
            if response.status_code == 401:
                self._verifier.credential.drop()
            response.raise_for_status()
            yield _parsed(response)

    async def aclose(self) -> None:
        await self._calls.aclose()
        await self._streams.aclose()

    async def _call(self, token: str, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        headers = {"authorization": f"Bearer {token}"}
        try:
            answer = await self._calls.request(method, self._url + path, json=body, headers=headers)
            said: dict[str, Any] = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise unavailable("The backend does not answer.") from error
        if answer.is_success:
            return said
        slug = str(said.get("type", "")).removeprefix(PROBLEMS) or "internal"
        raise Problem(answer.status_code, slug, str(said.get("detail", "")))


def _part(value: str) -> str:
    """As one part of a path, whatever a client sent for an id."""
    return quote(value, safe="")


async def _parsed(response: httpx.Response) -> AsyncGenerator[dict[str, Any], None]:
    async for line in response.aiter_lines():
        if line.strip():
            yield json.loads(line)
