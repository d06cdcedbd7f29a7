"""The connections that this gateway holds: how many a user has here and next door, and which have to end."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator

import httpx

from suites.staging.clock import Clock
from suites.staging.config import AUTH, GATEWAYS, Config
from suites.staging.gateway.connection import Connection
from suites.staging.problems import Problem
from suites.staging.verify import Verifier

_TICK = 0.2
"""Seconds between looks at the clock, which can be set, so that a timer would not do."""
_PAUSE = 0.1
_STREAM_TIMEOUT = httpx.Timeout(10.0, read=20.0)
_FAREWELL = 1.0
EXPIRED, ENDED = "token expired", "session ended"


class Connections:
    """All of one gateway. ``watch`` is run as long as it serves."""

    def __init__(self, config: Config, clock: Clock, verifier: Verifier, instance: str) -> None:
        self._clock, self._verifier = clock, verifier
        self._auth = config.url(AUTH)
        self._siblings = [config.url(name) for name in GATEWAYS if name != instance]
        self._held: set[Connection] = set()
        self._none = asyncio.Event()

    def __len__(self) -> int:
        return len(self._held)

    def of(self, user: str, before: int | None = None) -> int:
        """How many a user has at this gateway; with ``before``, of those that were opened before that moment."""
        return sum(
            1
            for connection in self._held
            if connection.user.id == user and (before is None or connection.opened_at < before)
        )

    async def everywhere(self, user: str, before: int | None = None) -> int:
        """How many a user has, over all gateways. One that does not answer holds none that could be counted."""
        counts = await asyncio.gather(*(self._at(sibling, user, before) for sibling in self._siblings))
        return self.of(user, before) + sum(counts)

    async def before(self, connection: Connection) -> int:
        """How many its user had, over all gateways, when it came. Of several that come at once each counts only those
        before it, so that as many stay as may."""
        return await self.everywhere(connection.user.id, connection.opened_at)

    def add(self, connection: Connection) -> None:
        self._none.clear()
        self._held.add(connection)

    def remove(self, connection: Connection) -> None:
        self._held.discard(connection)
        if not self._held:
            self._none.set()

    async def watch(self) -> None:
        """Close what has to end, until cancelled."""
        await asyncio.gather(self._watch_clock(), self._watch_sessions())

    async def leave(self) -> None:
        """Say that the service restarts, and wait a little for the goodbyes."""
        for connection in list(self._held):
            connection.end(1012, "service restart")
        if self._held:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_FAREWELL):
                    await self._none.wait()

    async def _at(self, sibling: str, user: str, before: int | None) -> int:
        query = {} if before is None else {"before": before}
        try:
            answer = await self._verifier.client.get(
                f"{sibling}/internal/connections/{user}", params=query, headers=await self._verifier.headers()
            )
            answer.raise_for_status()
            return int(answer.json()["count"])
        except (httpx.HTTPError, Problem):
            return 0

    async def _watch_clock(self) -> None:
        while True:
            now = self._clock.now()
            for connection in list(self._held):
                if connection.user.exp <= now:
                    connection.end(4401, EXPIRED)
            await asyncio.sleep(_TICK)

    async def _watch_sessions(self) -> None:
        first = True
        async with httpx.AsyncClient(timeout=_STREAM_TIMEOUT, trust_env=False, verify=False) as client:
            while True:
                try:
                    async with self._ended(client) as lines:
                        if not first:
                            await self._look_again()  # what ended while nobody listened
                        first = False
                        async for line in lines:
                            self._end(json.loads(line))
                except (httpx.HTTPError, Problem):
                    first = False
                await asyncio.sleep(_PAUSE)

    @contextlib.asynccontextmanager
    async def _ended(self, client: httpx.AsyncClient) -> AsyncGenerator[AsyncGenerator[str, None], None]:
        headers = await self._verifier.headers()
        async with client.stream("GET", f"{self._auth}/internal/sessions/ended", headers=headers) as response:
            if response.status_code == 401:
                self._verifier.credential.drop()
            response.raise_for_status()
            yield (line async for line in response.aiter_lines() if line.strip())

    def _end(self, what: dict[str, str]) -> None:
        for connection in list(self._held):
            user = connection.user
            if what in ({"sid": user.sid}, {"jti": user.jti}, {"user": user.id}):
                connection.end(4401, ENDED)

    async def _look_again(self) -> None:
        for connection in list(self._held):
            try:
                await self._verifier.identity(connection.token)
            except Problem as problem:
                if problem.status == 401:
                    connection.end(4401, ENDED)
