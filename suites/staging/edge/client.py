"""One client's connection: its requests, one after another, each answered by the edge, its admin, or a service."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Generator

import h11

from suites.staging.config import Config
from suites.staging.edge.answers import Answer, complete, problem
from suites.staging.edge.faulty import BlackHole, EdgeFaults
from suites.staging.edge.forward import Forwarder
from suites.staging.edge.request import Request, Routes
from suites.staging.edge.wire import LARGEST_HEAD, Wire
from suites.staging.switches import Switches

_IDLE = 120.0
_HEAD_PATIENCE = 10.0
_GRACE = 1.0
_H2_PREFACE = b"PRI * HTTP/2.0"
_H2_REFUSAL = bytes.fromhex("000000040000000000" + "000008070000000000" + "00000000" + "0000000d")
"""An empty SETTINGS frame, and GOAWAY with HTTP_1_1_REQUIRED."""
_WRONG: dict[int, str] = {
    431: "The request's headers are longer than the edge takes.",
    501: "The edge does not know this transfer coding.",
}

Admin = Callable[[Wire, Request], Awaitable[Answer]]


class Clients:
    """Answers connections. ``admin`` answers the edge's own paths."""

    def __init__(self, config: Config, switches: Switches, faults: EdgeFaults, admin: Admin) -> None:
        self._config, self._switches, self._faults, self._admin = config, switches, faults, admin
        self._routes = Routes()
        self._forwarder = Forwarder(config, switches)
        self._connections: set[asyncio.Task[None]] = set()
        self._busy = 0  # requests that are being answered
        self._idle = asyncio.Event()
        self._idle.set()

    async def accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a connection to its end."""
        wire = Wire(reader, writer, h11.SERVER)
        peer = writer.get_extra_info("peername")
        scheme = "https" if writer.get_extra_info("ssl_object") is not None else "http"
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            await self._serve(wire, peer[0] if peer else "", scheme)
        except (OSError, h11.LocalProtocolError, asyncio.CancelledError):
            # Its client is gone, its service broke off within an answer, or the edge leaves: all that can be said
            # to that is nothing. (Cancelled is only ever this whole task, which ends here.)
            wire.abort()
        finally:
            self._connections.discard(task)

    async def leave(self) -> None:
        """End all connections, once what is being answered has been (within bounds; a WebSocket is no answer)."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_GRACE):
                await self._idle.wait()
        for task in list(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        self._forwarder.pool.close()

    async def _serve(self, wire: Wire, peer: str, scheme: str) -> None:
        while True:
            try:
                head = await self._head(wire)
            except h11.RemoteProtocolError as error:
                await self._refuse(wire, error)
                break
            if head is None:
                break
            request = _request(head, peer, scheme)
            try:
                with self._counted(request):
                    try:
                        answer = await self._answer(wire, request)
                    except h11.RemoteProtocolError as error:
                        answer = problem(400, f"The request's body is not as its headers say: {error}.")
                    if answer is not None:
                        await self._send(wire, request, answer)
            except BlackHole:
                while await wire.reader.read(65536):
                    pass
                break
            if wire.h11.our_state is h11.SWITCHED_PROTOCOL:
                return
            if not wire.reusable:
                break
            wire.again()
        await wire.close()

    @contextlib.contextmanager
    def _counted(self, request: Request) -> Generator[None, None, None]:
        if request.upgrade:
            yield
            return
        self._busy += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._busy -= 1
            if not self._busy:
                self._idle.set()

    async def _head(self, wire: Wire) -> h11.Request | None:
        """The next request's head; None if there is none: the client has closed, or stays silent for too long."""
        event = wire.ready()
        if event is None:
            try:
                async with asyncio.timeout(_IDLE):
                    await wire.more()
            except TimeoutError:
                return None
            if wire.h11.trailing_data[0].startswith(_H2_PREFACE):
                wire.writer.write(_H2_REFUSAL)
                return None
            try:
                async with asyncio.timeout(_HEAD_PATIENCE):
                    event = await wire.next()
            except TimeoutError:
                return None
        if not isinstance(event, h11.Request):
            return None
        # h11 limits a head only as long as it is incomplete; one that comes in a single piece never is.
        if len(event.target) + sum(len(name) + len(value) for name, value in event.headers) > LARGEST_HEAD:
            raise h11.RemoteProtocolError("too long", error_status_hint=431)
        return event

    async def _answer(self, wire: Wire, request: Request) -> Answer | None:
        """The edge's own answer, or None when a service's has been sent."""
        if request.method in ("CONNECT", "TRACE"):
            return problem(
                405, "The edge does not do that.", headers=[(b"allow", b"GET, HEAD, POST, PUT, PATCH, DELETE")]
            )
        if not request.target.startswith("/"):
            return problem(400, "The request's target is not a path.")
        if request.for_admin:
            return await self._admin(wire, request)
        request.identified()
        answer = self._faults.answer(request)
        if answer is not None:
            return answer
        instance = self._routes.instance(request)
        self._faults.alter(request, instance)
        port = self._faults.port(self._config.ports[instance])
        return await self._forwarder.forward(wire, request, instance, port, self._faults.limits())

    async def _send(self, wire: Wire, request: Request, answer: Answer) -> None:
        headers, body = complete(answer, request, self._switches)
        _skip_body(wire)
        if wire.h11.their_state in (h11.SEND_BODY, h11.ERROR) and (b"connection", b"close") not in headers:
            headers.append((b"connection", b"close"))  # there is more to come that nobody will read
        events: list[h11.Response | h11.Data | h11.EndOfMessage] = [
            h11.Response(status_code=answer.status, headers=headers)
        ]
        if body and request.method != "HEAD" and answer.status not in (204, 304):
            events.append(h11.Data(data=body))
        await wire.send(*events, h11.EndOfMessage())

    async def _refuse(self, wire: Wire, error: h11.RemoteProtocolError) -> None:
        """Answer what is no request."""
        if wire.h11.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            return
        status = error.error_status_hint if error.error_status_hint in _WRONG else 400
        nothing = Request("GET", "/", [], "", "http")
        await self._send(wire, nothing, problem(status, _WRONG.get(status, f"That is no HTTP request: {error}.")))


def _skip_body(wire: Wire) -> None:
    """Pass over what is here already of a body that nobody wants: a short one is not worth a connection."""
    if not wire.h11.they_are_waiting_for_100_continue:
        with contextlib.suppress(h11.RemoteProtocolError):
            while wire.h11.their_state is h11.SEND_BODY and wire.ready() is not None:
                pass


def _request(head: h11.Request, peer: str, scheme: str) -> Request:
    target = head.target.decode("latin-1")
    if "://" in target:  # the absolute form, as for a proxy: the path is what counts
        rest = target.partition("://")[2]
        target = "/" + rest.partition("/")[2]
    request = Request(head.method.decode(), target, [(bytes(n), bytes(v)) for n, v in head.headers], peer, scheme)
    if request.header(b"host") is None:
        request.put(b"host", b"127.0.0.1")
    return request
