"""Forwarding one request: its body up, the answer down, both as they come."""

from __future__ import annotations

import asyncio
import contextlib

import h11

from suites.staging.config import Config
from suites.staging.edge.answers import VIA, Answer, problem, promised
from suites.staging.edge.pipe import Limits, carry
from suites.staging.edge.request import Headers, Request
from suites.staging.edge.upstream import Pool
from suites.staging.edge.wire import Event, Wire
from suites.staging.switches import Switches

LARGEST_BODY = 1 << 20
"""Bytes of a request's body. The services have limits of their own below it."""
_ANSWER_PATIENCE = 60.0
_FLUSH = 65536
_HOP_BY_HOP = {
    b"connection",
    b"keep-alive",
    b"proxy-authenticate",
    b"proxy-authorization",
    b"proxy-connection",
    b"te",
    b"trailer",
    b"transfer-encoding",
    b"upgrade",
}


class _TooLarge(Exception):
    """The request's body is longer than the edge takes."""


class _Malformed(Exception):
    """The request's body breaks the grammar, or its client went away within it."""


class Forwarder:
    """Takes requests of a client to the services. An edge has one."""

    def __init__(self, config: Config, switches: Switches) -> None:
        self._config, self._switches = config, switches
        self.pool = Pool()

    async def forward(self, client: Wire, request: Request, instance: str, port: int, limits: Limits) -> Answer | None:
        """Have ``instance`` answer, at ``port``. Returns the edge's own answer if that failed before the first byte."""
        length = request.header(b"content-length")
        if length is not None and int(length) > LARGEST_BODY:
            return _too_large()
        first = client.ready()
        bodyless = isinstance(first, h11.EndOfMessage)
        for attempt in (1, 2):
            try:
                service, used = await self.pool.take(port, fresh=request.upgrade or attempt > 1)
            except TimeoutError:
                return problem(504, "The service did not take the connection in time.")
            except OSError:
                return problem(502, "The service cannot be reached.")
            exchange = _Exchange(client, service, request, instance, self._switches, first)
            try:
                answer = await exchange.run(limits)
            except BaseException:
                service.abort()
                raise
            if answer is None:
                self.pool.give_back(port, service)
                return None
            service.abort()
            # A kept connection can be closed just as it is used: what can do no harm is sent once more, on a new one.
            if not (used and bodyless and exchange.unanswered and request.method in ("GET", "HEAD", "OPTIONS")):
                return answer
        return answer


class _Exchange:
    """One request and its answer on one connection to a service. ``first``: what is here already of the body."""

    def __init__(
        self, client: Wire, service: Wire, request: Request, instance: str, switches: Switches, first: Event | None
    ) -> None:
        self._client, self._service, self._request = client, service, request
        self._instance, self._switches, self._first = instance, switches, first
        self._begun = False
        self._pending: list[Event] = []
        self.unanswered = False
        """Whether the service ended the connection without a byte of an answer."""

    async def run(self, limits: Limits) -> Answer | None:
        """The exchange. Returns what the edge has to answer in its place, None if the service's answer has begun."""
        upload: asyncio.Task[None] | None = None
        try:
            request = h11.Request(
                method=self._request.method, target=self._request.target, headers=_towards_service(self._request)
            )
            if isinstance(self._first, h11.EndOfMessage):
                await self._service.send(request, h11.EndOfMessage())
            else:
                await self._service.send(request)
                upload = asyncio.create_task(self._upload())
            return await self._download(upload, limits)
        except (OSError, h11.RemoteProtocolError, h11.LocalProtocolError) as error:
            return self._failed(error)
        except _TooLarge:
            return self._instead(_too_large())
        except _Malformed as malformed:
            return self._instead(problem(400, f"The request's body is not as its headers say: {malformed}."))
        finally:
            if upload is not None:
                upload.cancel()
                with contextlib.suppress(asyncio.CancelledError, OSError, h11.ProtocolError, _TooLarge, _Malformed):
                    await upload

    async def _upload(self) -> None:
        length = 0
        while True:
            try:
                event, self._first = self._first or await self._client.next(), None
            except (h11.RemoteProtocolError, OSError) as error:
                raise _Malformed(str(error)) from error
            if isinstance(event, h11.ConnectionClosed):
                raise _Malformed("the connection ended within it")
            if isinstance(event, h11.Data):
                length += len(event.data)
                if length > LARGEST_BODY:
                    raise _TooLarge
            # A service may answer, and close, before it has read everything: then its answer is what counts.
            with contextlib.suppress(OSError):
                await self._service.send(event)
            if isinstance(event, h11.EndOfMessage):
                return

    async def _download(self, upload: asyncio.Task[None] | None, limits: Limits) -> Answer | None:
        while True:
            event = self._service.ready()
            if event is None:
                await self._flush()
                try:
                    await self._more(upload)
                except TimeoutError:
                    if not self._begun:
                        return problem(504, "The service did not answer in time.")
                    raise OSError("the answer stopped") from None
                continue
            if isinstance(event, h11.ConnectionClosed):
                self.unanswered = not self._service.received
                return self._failed(None)
            if isinstance(event, h11.InformationalResponse):
                if event.status_code == 101:
                    await self._switch(event, limits)
                    return None
                await self._client.send(h11.InformationalResponse(status_code=event.status_code, headers=[]))
                continue
            if isinstance(event, h11.Response):
                self._begun = True
                event = h11.Response(status_code=event.status_code, reason=event.reason, headers=self._back(event))
            self._pending.append(event)
            if isinstance(event, h11.EndOfMessage):
                await self._flush()
                return None
            if isinstance(event, h11.Data) and len(event.data) >= _FLUSH:
                await self._flush()

    async def _more(self, upload: asyncio.Task[None] | None) -> None:
        """Wait until the service has said more, or the body turns out to be wrong."""
        async with asyncio.timeout(_ANSWER_PATIENCE):
            if upload is None:
                await self._service.more()
                return
            reading = asyncio.ensure_future(self._service.more())
            try:
                await asyncio.wait({reading, upload}, return_when=asyncio.FIRST_COMPLETED)
                if reading.done():
                    reading.result()
                    return
                upload.result()
                await reading
            finally:
                reading.cancel()

    async def _flush(self) -> None:
        if self._pending:
            events, self._pending = self._pending, []
            await self._client.send(*events)

    async def _switch(self, event: h11.InformationalResponse, limits: Limits) -> None:
        headers = [*self._back(event), (b"upgrade", b"websocket"), (b"connection", b"Upgrade")]
        await self._client.send(h11.InformationalResponse(status_code=101, reason=event.reason, headers=headers))
        await carry(self._client, self._service, limits)

    def _back(self, event: h11.Response | h11.InformationalResponse) -> Headers:
        """A service's headers as the client gets them. What the service's server said before its application could
        (a handshake that is none, say) lacks what the platform promises, and gets it here."""
        headers = [(name, value) for name, value in event.headers if name not in _HOP_BY_HOP]
        if not any(name == b"x-instance" for name, _ in headers):
            there = {name for name, _ in headers} - {b"date"}
            headers = [pair for pair in headers if pair[0] != b"date"]
            headers += [
                pair for pair in promised(self._request, self._switches, self._instance) if pair[0] not in there
            ]
        if self._client.h11.their_state is h11.SEND_BODY:  # answered before the end of the request
            headers.append((b"connection", b"close"))
        return [*headers, (b"via", VIA)]

    def _failed(self, error: BaseException | None) -> Answer | None:
        if self._begun:
            raise ConnectionResetError("the answer ended within it")
        why = "sent no valid HTTP" if isinstance(error, h11.RemoteProtocolError) else "ended without an answer"
        return problem(502, f"The service {why}.")

    def _instead(self, answer: Answer) -> Answer:
        if self._begun:
            raise ConnectionResetError("the request ended within it")
        return answer


def _too_large() -> Answer:
    return problem(413, f"A request's body has at most {LARGEST_BODY} bytes.")


def _towards_service(request: Request) -> Headers:
    forwarded = (b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"via")
    headers = [(name, value) for name, value in request.headers if name not in _HOP_BY_HOP and name not in forwarded]
    if request.upgrade:
        headers += [(b"upgrade", b"websocket"), (b"connection", b"Upgrade")]
    if (framing := request.header(b"transfer-encoding")) is not None:
        headers.append((b"transfer-encoding", framing))
    return [
        *headers,
        (b"via", VIA),
        (b"x-forwarded-for", request.peer.encode()),
        (b"x-forwarded-proto", request.scheme.encode()),
        (b"x-forwarded-host", request.header(b"x-forwarded-host") or request.header(b"host") or b""),
    ]
