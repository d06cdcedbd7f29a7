"""Running one service: uvicorn on a socket that the supervisor holds, ended by TERM without losing what is under way.

An application may put two functions without arguments on its ``state``, which are called when the service is told to
end, before its connections are closed: ``end_streams`` ends answers that would never end by themselves, and ``leave``,
an async one, says goodbye.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Callable, Generator
from typing import Any

import uvicorn
from starlette.applications import Starlette

from suites.staging.switches import Switches

_LARGEST_FRAME = 1 << 20
"""What the server itself takes: far above the platform's limit, for which the gateway closes in an orderly way."""
_GRACE = 2


def heartbeat() -> float:
    """Seconds between the WebSocket pings of a server, and how long it waits for the pong. An environment of a test's
    own may have another than the platform's, by its ``env``."""
    return float(os.environ.get("STAGING_HEARTBEAT", "20"))


class _Config(uvicorn.Config):
    """A server that, under C3, has no WebSocket library from the next connection on."""

    def __init__(self, app: Starlette, switches: Switches) -> None:
        self._switches = switches
        self._websockets: type[asyncio.Protocol] | None = None
        super().__init__(
            app,
            ws="websockets-sansio",
            ws_max_size=_LARGEST_FRAME,
            ws_ping_interval=heartbeat(),
            ws_ping_timeout=heartbeat(),
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            timeout_keep_alive=120,  # longer than any client of a service keeps one, so that only the client ends it
            timeout_graceful_shutdown=_GRACE,
        )

    @property
    def ws_protocol_class(self) -> type[asyncio.Protocol] | None:
        return None if self._switches.on("C3-no-websocket-library") else self._websockets

    @ws_protocol_class.setter
    def ws_protocol_class(self, protocol: type[asyncio.Protocol] | None) -> None:
        self._websockets = protocol


class _Server(uvicorn.Server):
    """uvicorn that waits for its end instead of looking for it ten times a second."""

    def __init__(self, config: _Config, app: Starlette, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._app = app
        self._tell_started = started
        self._leaving = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self._leaving.set)
        yield

    async def main_loop(self) -> None:
        self._tell_started()
        await self._leaving.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        end_streams: Any = getattr(self._app.state, "end_streams", None)
        if end_streams is not None:
            end_streams()
        leave: Any = getattr(self._app.state, "leave", None)
        if leave is not None:
            await leave()
        await super().shutdown(sockets)


def serve(
    make: Callable[[], Starlette], listener: socket.socket, switches: Switches, started: Callable[[], None]
) -> None:
    """Run the application that ``make`` makes until TERM. ``started`` is called once it accepts connections."""

    async def run() -> None:
        app = make()
        await _Server(_Config(app, switches), app, started).serve([listener])

    asyncio.run(run())
