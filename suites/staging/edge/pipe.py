"""After 101 the edge only carries bytes: both ways, at the pace of whoever is slower, each way closed on its own."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass

from suites.staging.edge.wire import Wire

_CHUNK = 65536
_HALF_OPEN = 60.0
"""Seconds that one way may stay open when the other has ended."""


@dataclass(frozen=True)
class Limits:
    """Seconds of silence, and of age, after which a pipe is cut without a word; None: never."""

    idle: float | None = None
    age: float | None = None


class _Pipe:
    def __init__(self, client: Wire, service: Wire, limits: Limits) -> None:
        self._client, self._service, self._limits = client, service, limits
        self._moved = self._began = time.monotonic()
        self._half_since: float | None = None

    async def run(self, first_to_client: bytes, first_to_service: bytes) -> None:
        ways = {
            asyncio.ensure_future(self._carry(self._client, self._service, first_to_service)),
            asyncio.ensure_future(self._carry(self._service, self._client, first_to_client)),
        }
        left = ways
        try:
            while left and ((patience := self._patience()) is None or patience > 0):
                done, left = await asyncio.wait(left, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
                if any(way.exception() for way in done):
                    return
                if done:
                    self._half_since = time.monotonic()
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _carry(self, source: Wire, sink: Wire, first: bytes) -> None:
        if first:
            sink.writer.write(first)
        while data := await source.reader.read(_CHUNK):
            self._moved = time.monotonic()
            sink.writer.write(data)
            await sink.writer.drain()
        if sink.writer.can_write_eof():
            sink.writer.write_eof()
        else:  # TLS has no half of a connection to close
            sink.writer.close()

    def _patience(self) -> float | None:
        """Seconds until the pipe may have to be cut."""
        ends = [
            since + seconds
            for since, seconds in (
                (self._moved, self._limits.idle),
                (self._began, self._limits.age),
                (self._half_since, _HALF_OPEN),
            )
            if since is not None and seconds is not None
        ]
        return min(ends) - time.monotonic() if ends else None


async def carry(client: Wire, service: Wire, limits: Limits) -> None:
    """Carry bytes between two connections that h11 has let go of, until both ways have ended or one broke."""
    to_client, _ = service.h11.trailing_data
    to_service, _ = client.h11.trailing_data
    with contextlib.suppress(OSError):
        await _Pipe(client, service, limits).run(to_client, to_service)
    for wire in (client, service):
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(1):  # what is written may still go out, if the other side takes it
                wire.writer.close()
                await wire.writer.wait_closed()
        wire.abort()
