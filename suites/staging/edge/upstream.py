"""Connections to the services: kept and used again, as long as the service keeps them open."""

from __future__ import annotations

import asyncio

import h11

from suites.staging.edge.wire import Wire

_KEPT = 64
_CONNECT_PATIENCE = 5.0


class _Lossless(asyncio.StreamReaderProtocol):
    """Keeps what was read before a connection broke: a service that refuses a long body answers, and then resets."""

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(None)


async def _connect(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(loop=loop)
    protocol = _Lossless(reader, loop=loop)
    transport, _ = await loop.create_connection(lambda: protocol, "127.0.0.1", port)
    return reader, asyncio.StreamWriter(transport, protocol, reader, loop)


class Pool:
    """Idle connections by port. All services are on 127.0.0.1."""

    def __init__(self) -> None:
        self._idle: dict[int, list[Wire]] = {}

    async def take(self, port: int, *, fresh: bool) -> tuple[Wire, bool]:
        """A connection to ``port``, and whether it has been used before. Raises ``OSError``."""
        idle = self._idle.setdefault(port, [])
        while idle and not fresh:
            wire = idle.pop()
            if not wire.dead:
                return wire, True
            wire.abort()
        async with asyncio.timeout(_CONNECT_PATIENCE):
            return Wire(*await _connect(port), h11.CLIENT), False

    def give_back(self, port: int, wire: Wire) -> None:
        """Keep a connection whose exchange is over, if another can follow on it."""
        idle = self._idle.setdefault(port, [])
        if not wire.reusable or wire.dead or len(idle) >= _KEPT:
            wire.abort()
            return
        wire.again()
        idle.append(wire)

    def close(self) -> None:
        """Drop all."""
        for idle in self._idle.values():
            while idle:
                idle.pop().abort()
