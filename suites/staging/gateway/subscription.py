"""One connection's view of one thread: every event beyond the last it got, in order, once; and new messages."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from suites.staging.gateway.backend import Backend, StreamOver
from suites.staging.problems import Problem

Deliver = Callable[[dict[str, Any]], Awaitable[None]]
_PAUSE = 0.1
"""Seconds before a stream that broke is opened again: nothing says when a restarted backend is back."""


class Subscription:
    """Reads a thread's stream as fast as its connection takes it, and no faster: each has a stream of its own."""

    def __init__(self, backend: Backend, thread: str, after: int, deliver: Deliver) -> None:
        self._backend, self._thread, self._last, self._deliver = backend, thread, after, deliver
        self._opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._reading = asyncio.create_task(self._read())

    async def opened(self) -> None:
        """Wait until nothing more can be missed. Raises what kept the first stream from opening."""
        await asyncio.shield(self._opened)

    def close(self) -> None:
        """No more deliveries."""
        self._reading.cancel()

    async def _read(self) -> None:
        while True:
            try:
                async with self._backend.events(self._thread, self._last) as lines:
                    if not self._opened.done():
                        self._opened.set_result(None)
                    async for line in lines:
                        await self._take(line)
            except (Problem, httpx.HTTPError, StreamOver) as error:
                if not self._opened.done():
                    self._opened.set_exception(error)
                    return
                if isinstance(error, StreamOver):
                    return
            except ValueError:
                traceback.print_exc()  # a line that is none: seen again, it will be one
            await asyncio.sleep(_PAUSE)

    async def _take(self, line: dict[str, Any]) -> None:
        if (event := line.get("event")) is not None:
            if event["sequence"] <= self._last:
                return
            await self._deliver({"type": "event", "event": event})
            self._last = event["sequence"]
        elif (message := line.get("message")) is not None:
            await self._deliver({"type": "message_created", "message": message})
