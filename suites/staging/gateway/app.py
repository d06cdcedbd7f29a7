"""The gateway, put together."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import PlainTextResponse
from starlette.routing import WebSocketRoute
from starlette.types import Receive, Scope, Send

from suites.staging import ids
from suites.staging.answers import Json
from suites.staging.clock import Clock
from suites.staging.config import Config
from suites.staging.gateway.backend import Backend
from suites.staging.gateway.connection import MESSAGES_PER_SECOND, Connection
from suites.staging.gateway.connections import Connections
from suites.staging.gateway.handshake import PROTOCOL, Admitted, Doorkeeper, NoSuchPath, Refused
from suites.staging.gateway.refusals import Refusals, revision
from suites.staging.metrics import Metrics
from suites.staging.operations import internal_resources
from suites.staging.resources import SERVICE, Action, Call, Resource
from suites.staging.serving import heartbeat
from suites.staging.switches import Switches
from suites.staging.verify import Verifier
from suites.staging.web import application

_HOSTS = ("127.0.0.1", "localhost")
_SMALL_CAP = 2


class _Gateway:
    """Answers WebSocket handshakes, and serves what it accepts."""

    def __init__(self, config: Config, switches: Switches, clock: Clock, metrics: Metrics, instance: str) -> None:
        self._config, self._switches, self._instance = config, switches, instance
        self.verifier = Verifier(config, switches, clock, "gateway")
        self.backend = Backend(config, self.verifier)
        self.connections = Connections(config, clock, self.verifier, instance)
        self._doorkeeper = Doorkeeper(switches, self.verifier, self.backend, instance)
        self._counted = metrics.family("ws_messages_total", "counter", "WebSocket messages.", "direction")
        open_now = metrics.family("ws_connections", "gauge", "Open WebSockets.")
        metrics.before(lambda: open_now.put(len(self.connections)))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()  # the connect
        try:
            admitted = await self._doorkeeper.admit(scope)
            if self._switches.on("H3-connection-cap"):
                await self._cap(admitted)
        except Refused:
            await send({"type": "websocket.close"})
            return
        except NoSuchPath:
            await PlainTextResponse("Not Found", 404)(scope, receive, send)
            return
        connection = Connection(admitted, self.backend, self._switches, self._config, self._counted, receive, send)
        self.connections.add(connection)
        try:
            await send({"type": "websocket.accept", "subprotocol": admitted.subprotocol, "headers": []})
            if self._switches.on("C7-exception-after-accept"):
                raise RuntimeError("The session could not be loaded.")
            if await self.connections.before(connection) >= admitted.user.limits["connections"]:
                connection.end(1013, "connection limit")
                self.connections.remove(connection)
                await connection.refuse()
                return
            await connection.serve(self._welcome(admitted, connection))
        finally:
            self.connections.remove(connection)

    async def _cap(self, admitted: Admitted) -> None:
        if await self.connections.everywhere(admitted.user.id) >= _SMALL_CAP:
            raise Refused

    def _welcome(self, admitted: Admitted, connection: Connection) -> dict[str, object]:
        return {
            "type": "welcome",
            "connection": ids.new("con"),
            "user": admitted.user.id,
            "protocol": PROTOCOL,
            "heartbeat": int(beat) if (beat := heartbeat()).is_integer() else beat,
            "limits": {"message_bytes": connection.message_bytes, "messages_per_second": MESSAGES_PER_SECOND},
            "revision": revision(self._switches, self._instance),
            "instance": self._instance,
        }


def make(config: Config, instance: str) -> Starlette:
    """The gateway ``instance``. ``state.leave`` says goodbye to its clients before it ends."""
    switches = Switches(config.folder)
    clock = Clock(switches, instance)
    metrics = Metrics("gateway", instance)
    gateway = _Gateway(config, switches, clock, metrics, instance)

    async def count(call: Call) -> Json:
        before = call.query.get("before", "")
        return Json({"count": gateway.connections.of(call["user"], int(before) if before.isdigit() else None)})

    resources = [
        Resource("/internal/connections/{user}", {"GET": Action(count, "How many a user has here", SERVICE)}),
        *internal_resources(metrics, []),
    ]

    async def guard(call: Call) -> None:
        if call.action.needs == SERVICE:
            await gateway.verifier.service(call.bearer)

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        watching = asyncio.create_task(gateway.connections.watch())
        yield
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await gateway.backend.aclose()
        await gateway.verifier.aclose()

    app = application(
        [*(resource.route(guard) for resource in resources), WebSocketRoute("/{path:path}", gateway)],
        switches=switches,
        clock=clock,
        metrics=metrics,
        lifespan=lifespan,
    )
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(_HOSTS), www_redirect=False)
    app.add_middleware(Refusals, switches=switches, clock=clock, instance=instance)
    app.state.leave = gateway.connections.leave
    return app
