"""The front of every service: what all answers have in common, whatever made them.

A pure ASGI application around another. Problems that are raised anywhere inside become answers
here; identity of the request, security headers, CORS and the counting of requests are here and
nowhere else. The edge puts it around its own answers too.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Lifespan, Message, Receive, Scope, Send

from suites.staging import cors
from suites.staging.clock import Clock, http_date
from suites.staging.metrics import Metrics
from suites.staging.problems import Problem, not_found
from suites.staging.switches import Switches
from suites.staging.tracing import Trail, follow

BODY_LIMIT = 256 * 1024
_READ_OUT = 16 * BODY_LIMIT
"""How much of a body that is too large is taken before the answer; from there on it is no mistake."""
TRAIL = "staging.trail"
"""Where the scope of a request keeps its :class:`Trail`."""

SECURITY_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"strict-transport-security", b"max-age=31536000; includeSubDomains"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
    (b"cross-origin-resource-policy", b"same-site"),
)
_NO_STORE = (b"cache-control", b"no-store")
_ORIGIN_MATTERS = (b"vary", b"Origin")
_UNSAFE = frozenset(("POST", "PUT", "PATCH", "DELETE"))


class Front:
    """Around ``app``. ``extra``: headers that every answer has besides (the edge's ``server`` and ``via``)."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        switches: Switches,
        clock: Clock,
        metrics: Metrics,
        extra: Sequence[tuple[bytes, bytes]] = (),
    ) -> None:
        self._app = app
        self._switches, self._clock, self._metrics = switches, clock, metrics
        self._fixed = [*SECURITY_HEADERS, _ORIGIN_MATTERS, (b"x-instance", metrics.instance.encode()), *extra]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        sent = {name: value for name, value in scope["headers"] if name in _LOOKED_AT}
        trail = scope[TRAIL] = follow(sent.get(b"x-request-id"), sent.get(b"traceparent"))
        status = 0

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *self._common(message, trail, sent.get(b"origin"))]
            await send(message)

        try:
            try:
                await self._inside(scope, receive, answer, sent)
            except Problem as problem:
                if status:
                    raise
                await problem.answer(scope["path"], trail.request_id)(scope, receive, answer)
            except Exception:
                if status:
                    raise
                traceback.print_exc()
                unknown = Problem(500, "internal", "Something went wrong here; the request id finds it in the log.")
                await unknown.answer(scope["path"], trail.request_id)(scope, receive, answer)
        finally:
            self._metrics.answered(scope["method"], trail.route or "(none)", status or 500, time.perf_counter() - began)

    async def _inside(self, scope: Scope, receive: Receive, send: Send, sent: dict[bytes, bytes]) -> None:
        method: str = scope["method"]
        if method == "OPTIONS" and b"access-control-request-method" in sent and b"origin" in sent:
            await cors.preflight(sent[b"origin"], self._switches)(scope, receive, send)
            return
        if b"via" in sent and scope["path"].startswith("/internal/"):
            raise not_found()  # what services have to say to each other is not for those who come through the edge
        length = sent.get(b"content-length", b"")
        if length.isdigit() and int(length) > BODY_LIMIT:
            await read_out(receive)
            raise too_large()
        if method in _UNSAFE and self._switches.on("D6-csrf-check") and _guarded(scope, sent):
            raise Problem(403, "csrf-failed", "CSRF check failed: the header x-csrf-token is missing.")
        await self._app(scope, receive, send)

    def _common(self, message: Message, trail: Trail, origin: bytes | None) -> list[tuple[bytes, bytes]]:
        headers = [
            *self._fixed,
            (b"x-request-id", trail.request_id.encode()),
            (b"traceparent", trail.traceparent.encode()),
            (b"x-revision", self._switches.revision.encode()),
            (b"date", http_date(self._clock.now())),
        ]
        if not any(name == b"cache-control" for name, _ in message["headers"]):
            headers.append(_NO_STORE)
        if origin is not None:
            headers += cors.headers(origin, self._switches)
        return headers


_LOOKED_AT = frozenset(
    (
        b"x-request-id",
        b"traceparent",
        b"origin",
        b"access-control-request-method",
        b"content-length",
        b"x-csrf-token",
        b"via",
    )
)


def _guarded(scope: Scope, sent: dict[bytes, bytes]) -> bool:
    """Whether the CSRF check of the fault D6 refuses it: signing in, and services among themselves, are exempt."""
    return b"x-csrf-token" not in sent and not scope["path"].startswith(("/auth/", "/internal/"))


def too_large() -> Problem:
    """The body is."""
    return Problem(413, "too-large", "A body may have at most 256 KiB.")


async def read_out(receive: Receive) -> None:
    """Take the rest of a body that is too large: who still sends when the connection is closed may lose the answer."""
    taken = 0
    while taken < _READ_OUT:
        message = await receive()
        taken += len(message.get("body", b""))
        if not message.get("more_body"):
            return


class _NothingHere:
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        raise not_found()


def application(
    routes: Sequence[BaseRoute],
    *,
    switches: Switches,
    clock: Clock,
    metrics: Metrics,
    lifespan: Lifespan[Starlette] | None = None,
) -> Starlette:
    """A service of these routes behind a :class:`Front`."""
    app = Starlette(
        routes=[*routes, Route("/{path:path}", _NothingHere(), name="nothing")],
        middleware=[Middleware(Front, switches=switches, clock=clock, metrics=metrics)],
        lifespan=lifespan,
    )
    # A path with a slash too many is another path, not a redirect that costs the client its credential.
    app.router.redirect_slashes = False
    return app
