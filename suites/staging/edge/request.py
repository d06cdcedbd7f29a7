"""A request as the edge handles it, and where it goes."""

from __future__ import annotations

import itertools
import re
import secrets
from dataclasses import dataclass

from suites.staging.config import AUTH, BACKEND, GATEWAYS

Headers = list[tuple[bytes, bytes]]
_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_TRACE = re.compile(rb"00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
ADMIN = "/_staging"


@dataclass
class Request:
    """What was asked. ``target``: path and query; ``headers``: names in lower case; ``peer``: the client's address."""

    method: str
    target: str
    headers: Headers
    peer: str
    scheme: str

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    def header(self, name: bytes) -> bytes | None:
        """The first value of a header."""
        return next((value for given, value in self.headers if given == name), None)

    def without(self, *names: bytes) -> None:
        """Drop headers."""
        self.headers = [(name, value) for name, value in self.headers if name not in names]

    def put(self, name: bytes, value: bytes) -> None:
        """Set a header, in place of all of that name."""
        self.without(name)
        self.headers.append((name, value))

    @property
    def upgrade(self) -> bool:
        """Whether it asks for a WebSocket."""
        wanted = (self.header(b"upgrade") or b"").lower() == b"websocket"
        return wanted and b"upgrade" in (self.header(b"connection") or b"").lower()

    @property
    def for_gateway(self) -> bool:
        return self.path == "/ws" or self.path.startswith("/ws/")

    @property
    def for_admin(self) -> bool:
        return self.path == ADMIN or self.path.startswith(f"{ADMIN}/")

    def identified(self) -> bytes:
        """Its request id: its own, if it is one, else a new one, which the services then get too."""
        given = self.header(b"x-request-id")
        if given is not None and _ID.fullmatch(given):
            return given
        made = secrets.token_hex(16).encode()
        self.put(b"x-request-id", made)
        return made

    def trace(self) -> bytes:
        """A ``traceparent`` for an answer: its trace, if it has a valid one, with a new span."""
        found = _TRACE.fullmatch(self.header(b"traceparent") or b"")
        trace = found[1] if found else secrets.token_hex(16).encode()
        return b"00-%s-%s-01" % (trace, secrets.token_hex(8).encode())


class Routes:
    """Which instance a request goes to; the gateways take turns."""

    def __init__(self) -> None:
        self._gateways = itertools.cycle(GATEWAYS)

    def instance(self, request: Request) -> str:
        path = request.path
        if request.for_gateway:
            return next(self._gateways)
        if path.startswith(("/auth/", "/.well-known/", "/users/")) or path in ("/auth", "/users", "/.well-known"):
            return AUTH
        return BACKEND
