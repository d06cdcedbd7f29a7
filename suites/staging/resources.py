"""A resource is a path with what can be done to it; a call is one request for that.

The table of a service's resources is what routes requests, guards them, and what the published
OpenAPI document is made of.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import Headers, QueryParams
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from suites.staging.identity import Identity
from suites.staging.problems import Problem, unauthenticated
from suites.staging.tracing import Trail
from suites.staging.validation import Shape, checked
from suites.staging.web import BODY_LIMIT, TRAIL, read_out, too_large

ANYBODY = ""
"""Needs no credential."""
SIGNED_IN = "signed-in"
"""Needs a user's token, whatever the user's role."""
SERVICE = "service"
"""Needs a service's token."""


class Call:
    """One request. ``user`` is there once a guard has let it in; ``headers`` are added to whatever the answer is."""

    def __init__(self, scope: Scope, receive: Receive, action: Action, feature: str) -> None:
        self.scope, self.action, self.feature = scope, action, feature
        self.method: str = scope["method"]
        self._receive = receive
        self._body: bytes | None = None
        self._query: QueryParams | None = None
        self.sent = Headers(scope=scope)
        self.path: str = scope["path"]
        self.headers: dict[str, str] = {}
        self._user: Identity | None = None

    @property
    def user(self) -> Identity:
        """Who calls. Only for actions that need a credential."""
        if self._user is None:
            raise unauthenticated()
        return self._user

    @user.setter
    def user(self, user: Identity) -> None:
        self._user = user

    @property
    def trail(self) -> Trail:
        """Its request id and trace."""
        trail: Trail = self.scope[TRAIL]
        return trail

    @property
    def query(self) -> QueryParams:
        """The query's parameters."""
        if self._query is None:
            self._query = QueryParams(self.scope["query_string"])
        return self._query

    def __getitem__(self, name: str) -> str:
        """A part of the path."""
        part: str = self.scope["path_params"][name]
        return part

    @property
    def bearer(self) -> str:
        """The token. Raises 401 where there is none."""
        scheme, _, token = self.sent.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not (token := token.strip()):
            raise unauthenticated()
        return token

    async def raw(self) -> bytes:
        """The body. Raises 413."""
        if self._body is None:
            parts, size = [], 0
            while True:
                message = await self._receive()
                if message["type"] == "http.disconnect":
                    raise ClientDisconnect
                parts.append(part := message.get("body", b""))
                size += len(part)
                if size > BODY_LIMIT and message.get("more_body"):
                    await read_out(self._receive)
                if size > BODY_LIMIT:
                    raise too_large()
                if not message.get("more_body"):
                    break
            self._body = b"".join(parts)
        return self._body

    async def object(self) -> dict[str, Any]:
        """The body as a JSON object. Raises 400, 413 and 415."""
        kind = self.sent.get("content-type", "").partition(";")[0].strip().lower()
        raw = await self.raw()
        if kind != "application/json":
            raise Problem(415, "unsupported-media-type", "The body must be application/json.")
        return parsed(raw)

    async def body(self, shape: Shape | None = None) -> dict[str, Any]:
        """The body as the action (or ``shape``) wants it. Raises 422 too."""
        shape = shape or self.action.body
        assert shape is not None
        result: dict[str, Any] = checked(shape, await self.object())
        return result


def parsed(raw: bytes) -> dict[str, Any]:
    """A JSON object. Raises 400 for anything else; numbers that JSON does not know (``NaN``) are anything else."""
    try:
        value = json.loads(raw.decode(), parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise Problem(400, "malformed", "The body is no JSON.") from None
    if not isinstance(value, dict):
        raise Problem(400, "malformed", "The body is no JSON object.")
    return value


def _refuse(constant: str) -> None:
    raise ValueError(constant)


Handler = Callable[[Call], Awaitable[Response]]
Guard = Callable[[Call], Awaitable[None]]


@dataclass(frozen=True)
class Action:
    """What a method does. ``needs``: a scope, or :data:`ANYBODY`, :data:`SIGNED_IN`, :data:`SERVICE`.

    ``status`` is its success, ``body`` what it takes, ``query`` the parameters it knows: so it is published.
    """

    do: Handler
    summary: str
    needs: str = SIGNED_IN
    body: Shape | None = None
    status: int = 200
    query: tuple[str, ...] = ()
    media_type: str = "application/json"
    basic: bool = False
    """Takes HTTP Basic, which it looks at itself."""


class Resource:
    """A path with its actions by method. ``feature``: the part of the platform it belongs to."""

    def __init__(self, path: str, actions: Mapping[str, Action], *, feature: str = "") -> None:
        self.path, self.feature = path, feature
        self.actions = dict(actions)
        names = [("GET", "HEAD") if method == "GET" else (method,) for method in actions]
        self._allow = ", ".join(name for several in names for name in several)

    def route(self, guard: Guard) -> Route:
        """For Starlette. ``guard`` looks at every call first, and raises a :class:`Problem` to refuse it."""
        return Route(self.path, _Endpoint(self, guard), name=self.path)

    def action(self, method: str) -> Action:
        """What ``method`` does here. Raises 405."""
        action = self.actions.get("GET" if method == "HEAD" else method)
        if action is None:
            raise Problem(405, "method-not-allowed", f"{method} is not for this.", headers={"allow": self._allow})
        return action


class _Endpoint:
    def __init__(self, resource: Resource, guard: Guard) -> None:
        self._resource, self._guard = resource, guard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[TRAIL].route = self._resource.path
        call = Call(scope, receive, self._resource.action(scope["method"]), self._resource.feature)
        try:
            await self._guard(call)
            response = await call.action.do(call)
        except Problem as problem:
            problem.headers.update(call.headers)
            raise
        response.headers.update(call.headers)
        await response(scope, receive, send)
