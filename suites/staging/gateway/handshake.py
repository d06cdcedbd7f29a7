"""Who may open a WebSocket here: path, origin, subprotocol, credential, and the thread that is asked for at once."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.datastructures import Headers, QueryParams
from starlette.types import Scope

from suites.staging import cors
from suites.staging.config import GATEWAYS
from suites.staging.gateway.backend import Backend
from suites.staging.identity import Identity
from suites.staging.problems import Problem
from suites.staging.switches import Switches
from suites.staging.verify import Verifier

PROTOCOL = "agents.v1"
_BEARER = "bearer."
_INTERNAL_ORIGIN = b"https://staging.example"


class Refused(Exception):
    """The handshake is refused: with 403, and no word on why."""


class NoSuchPath(Exception):
    """The handshake is refused with 404 (by a build that has no WebSocket at all)."""


@dataclass(frozen=True)
class Admitted:
    """Whom the handshake let in. ``thread``: subscribed to at once, beyond ``after`` (None: what is new)."""

    user: Identity
    token: str
    subprotocol: str | None
    thread: str | None
    after: int | None


class Doorkeeper:
    """Looks at handshakes. Raises ``Refused`` or ``NoSuchPath``; anything else is a fault of the gateway's own."""

    def __init__(self, switches: Switches, verifier: Verifier, backend: Backend, instance: str) -> None:
        self._switches, self._verifier, self._backend, self._instance = switches, verifier, backend, instance

    async def admit(self, scope: Scope) -> Admitted:
        headers, query = Headers(scope=scope), QueryParams(scope["query_string"])
        self._deployed(scope["path"], query)
        self._origin(headers.get("origin"))
        subprotocol = self._subprotocol(scope["subprotocols"])
        token = self._token(headers, scope["subprotocols"], query)
        try:
            user = await self._verifier.identity(token)
            thread = query.get("thread")
            if thread is not None:
                await self._backend.thread(token, thread)
        except Problem as problem:
            raise Refused from problem
        return Admitted(user, token, subprotocol, thread, _after(query))

    def _deployed(self, path: str, query: QueryParams) -> None:
        """Whether this build, in this configuration, serves the path at all."""
        on = self._switches.on
        last = self._instance == GATEWAYS[-1]
        if last and on("J2-mixed-pods"):
            raise NoSuchPath
        if path != ("/ws/v1" if on("C1-wrong-websocket-path") else "/ws"):
            raise Refused
        if on("C2-websocket-route-missing") or on("G4-websocket-feature-off") or (last and on("H5-one-bad-replica")):
            raise Refused
        if on("C4-required-parameter-missing") and "client" not in query:
            raise Refused
        if on("C6-exception-before-accept"):
            raise RuntimeError("The connection store is not configured.")

    def _origin(self, origin: str | None) -> None:
        """None is fine: only browsers send one, and they cannot leave it out."""
        if origin is None:
            if self._switches.on("D2-origin-required"):
                raise Refused
            return
        given = origin.encode("latin-1")
        if self._switches.on("D1-origin-not-on-list"):
            allowed = given == _INTERNAL_ORIGIN
        else:
            allowed = cors.allowed(given, self._switches)
        if not allowed:
            raise Refused

    def _subprotocol(self, offered: list[str]) -> str | None:
        if not offered:
            return None
        if PROTOCOL not in offered:
            raise Refused
        return None if self._switches.on("C5-subprotocol-not-echoed") else PROTOCOL

    def _token(self, headers: Headers, offered: list[str], query: QueryParams) -> str:
        if self._switches.on("E5-credential-read-elsewhere"):
            token = query.get("token", "")
        elif (given := headers.get("authorization")) is not None:
            scheme, _, token = given.partition(" ")
            if scheme.lower() != "bearer":
                raise Refused
            token = token.strip()
        else:
            token = next((item.removeprefix(_BEARER) for item in offered if item.startswith(_BEARER)), "")
        if not token:
            raise Refused
        return token


def _after(query: QueryParams) -> int | None:
    given = query.get("after")
    if given is None:
        return None
    if not (given.isascii() and given.isdigit() and len(given) < 16):
        raise Refused
    return int(given)
