"""What every answer to a handshake carries, whether it is a refusal, an acceptance, or a response of another kind.

An ASGI application that closes before it accepts is answered for by its server, with a bare 403. Here that 403 is
sent as a response, just as bare, but with the headers that the platform promises for each.
"""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from suites.staging.clock import Clock, http_date
from suites.staging.config import GATEWAYS
from suites.staging.switches import Switches
from suites.staging.tracing import Trail, follow
from suites.staging.web import SECURITY_HEADERS, TRAIL

_OLD = GATEWAYS[1]


def revision(switches: Switches, instance: str) -> str:
    """What an instance says it is: under J2 one of them is still what was there before."""
    now = switches.revision
    if instance == _OLD and switches.on("J2-mixed-pods"):
        return str(int(now) - 1) if now.isdigit() and now != "0" else "0"
    return now


class Refusals:
    """Around ``app``. HTTP is passed on as it is."""

    def __init__(self, app: ASGIApp, *, switches: Switches, clock: Clock, instance: str) -> None:
        self._app = app
        self._switches, self._clock, self._instance = switches, clock, instance

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            await self._app(scope, receive, send)
            return
        sent = dict(scope["headers"])
        trail = scope[TRAIL] = follow(sent.get(b"x-request-id"), sent.get(b"traceparent"))
        accepted = False

        async def answer(message: Message) -> None:
            nonlocal accepted
            if message["type"] == "websocket.accept":
                accepted = True
                message["headers"] = [*message.get("headers", ()), *self._common(trail)]
            elif message["type"] == "websocket.http.response.start":
                message["headers"] = [*message.get("headers", ()), *self._common(trail)]
            elif message["type"] == "websocket.close" and not accepted:
                start = {"type": "websocket.http.response.start", "status": 403, "headers": self._common(trail)}
                await send(start)
                message = {"type": "websocket.http.response.body", "body": b""}
            await send(message)

        await self._app(scope, receive, answer)

    def _common(self, trail: Trail) -> list[tuple[bytes, bytes]]:
        return [
            *SECURITY_HEADERS,
            (b"x-instance", self._instance.encode()),
            (b"x-revision", revision(self._switches, self._instance).encode()),
            (b"x-request-id", trail.request_id.encode()),
            (b"traceparent", trail.traceparent.encode()),
            (b"date", http_date(self._clock.now())),
            (b"cache-control", b"no-store"),
            (b"vary", b"Origin"),
        ]
