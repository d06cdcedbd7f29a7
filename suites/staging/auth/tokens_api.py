"""Signing in and out: login, refresh, revoke, logout, sessions, and the services' own tokens."""

from __future__ import annotations

import base64
import binascii
import hmac
from math import ceil
from typing import Any

from starlette.responses import Response

from suites.staging.answers import Json, nothing
from suites.staging.auth.attempts import Attempts
from suites.staging.auth.passwords import hashed, matches
from suites.staging.auth.sessions import Sessions, VoidToken
from suites.staging.auth.signing import SERVICE_LIFETIME, Signing
from suites.staging.auth.standing import Register
from suites.staging.auth.users import User, Users
from suites.staging.clock import Clock, written
from suites.staging.config import Config
from suites.staging.problems import Problem, not_found
from suites.staging.resources import ANYBODY, SIGNED_IN, Action, Call, Resource
from suites.staging.switches import Switches
from suites.staging.tokens import BadToken
from suites.staging.validation import Choice, Shape, Text, Whole

_LIFETIME = 900
_LIFETIMES = Whole(1, _LIFETIME)
_LOGIN = Shape({"user": Text(1000), "password": Text(1000)}, {"expires_in": _LIFETIMES})
_REFRESH = Shape({"refresh_token": Text(1000)}, {"expires_in": _LIFETIMES})
_REVOKE = Shape({"token": Text(10_000)})
_CLIENT = Shape({"grant_type": Choice(("client_credentials",))})


class TokensApi:
    """``/auth/…``."""

    def __init__(
        self,
        config: Config,
        switches: Switches,
        clock: Clock,
        users: Users,
        sessions: Sessions,
        signing: Signing,
        register: Register,
        attempts: Attempts,
    ) -> None:
        self._clients = config.secrets.service_clients
        self._switches, self._clock = switches, clock
        self._users, self._sessions, self._signing = users, sessions, signing
        self._register, self._attempts = register, attempts
        self._nobody = hashed("nobody's password")

    def resources(self) -> list[Resource]:
        """Its part of the table."""
        return [
            Resource("/auth/login", {"POST": Action(self.login, "Sign in", ANYBODY, _LOGIN)}),
            Resource("/auth/refresh", {"POST": Action(self.refresh, "Get new tokens", ANYBODY, _REFRESH)}),
            Resource("/auth/revoke", {"POST": Action(self.revoke, "Revoke a token", ANYBODY, _REVOKE)}),
            Resource("/auth/logout", {"POST": Action(self.logout, "End this session", SIGNED_IN, status=204)}),
            Resource("/auth/sessions", {"GET": Action(self.sessions, "One's own live sessions")}),
            Resource("/auth/sessions/{id}", {"DELETE": Action(self.end_session, "End a session", status=204)}),
            Resource(
                "/auth/service-token",
                {"POST": Action(self.service_token, "A service's token", ANYBODY, _CLIENT, basic=True)},
            ),
        ]

    async def login(self, call: Call) -> Response:
        """A session for a name and a password."""
        body = await call.body()
        now = self._clock.now()
        if (wait := self._attempts.wait(body["user"], now)) > 0:
            raise Problem(
                429, "too-many-attempts", "Too many wrong passwords.", headers={"retry-after": str(ceil(wait))}
            )
        found = self._users.named(body["user"])
        # An unknown name takes as long as a wrong password.
        right = matches(body["password"], self._nobody if found is None else found[1])
        if found is None or not right:
            self._attempts.wrong(body["user"], now)
        if found is None or not right or found[0]["disabled"]:
            raise Problem(
                401,
                "invalid-credentials",
                "There is no such user, or this is not the password.",
                headers={"www-authenticate": "Bearer"},
            )
        sid, refresh_token = self._sessions.begin(found[0]["id"], now)
        answer = self._granted(found[0], sid, refresh_token, body.get("expires_in", _LIFETIME))
        if self._switches.on("G3-session-revoked"):
            self._sessions.end(sid)
        return answer

    async def refresh(self, call: Call) -> Response:
        """New tokens for a refresh token, which is void from now on."""
        body = await call.body()
        try:
            user, sid, token = self._sessions.carry_on(body["refresh_token"], self._clock.now())
        except VoidToken:
            self._register.changed()
            raise Problem(
                401,
                "invalid-grant",
                "The refresh token is not valid (any more).",
                headers={"www-authenticate": 'Bearer error="invalid_token"'},
            ) from None
        return self._granted(self._users.find(user), sid, token, body.get("expires_in", _LIFETIME))

    async def revoke(self, call: Call) -> Response:
        """A token, of either kind, that shall not count any more. Says the same of one that is none (RFC 7009)."""
        token = (await call.body())["token"]
        if (sid := self._sessions.of_refresh_token(token)) is not None:
            self._end(sid)
        else:
            try:
                claims = self._signing.read(token)
            except BadToken:
                return Json({})
            self._sessions.revoke(claims["jti"], claims["exp"], self._clock.now())
            self._register.changed()
        return Json({})

    async def logout(self, call: Call) -> Response:
        """The session of the token that is shown ends."""
        self._end(call.user.sid)
        return nothing()

    async def sessions(self, call: Call) -> Response:
        """The user's own, live ones."""
        rows = self._sessions.live(call.user.id, self._clock.now())
        items = [
            {
                "id": row["id"],
                "created_at": written(row["created"]),
                "last_used_at": written(row["last_used"]),
                "current": row["id"] == call.user.sid,
            }
            for row in rows
        ]
        return Json({"items": items})

    async def end_session(self, call: Call) -> Response:
        """One of the user's own."""
        if call["id"] not in {row["id"] for row in self._sessions.live(call.user.id, self._clock.now())}:
            raise not_found("You have no such session.")
        self._end(call["id"])
        return nothing()

    async def service_token(self, call: Call) -> Response:
        """For a service that shows its id and secret."""
        client = self._client(call.sent.get("authorization", ""))
        await call.body()
        token = self._signing.service(client, self._clock.now())
        return Json({"access_token": token, "token_type": "Bearer", "expires_in": SERVICE_LIFETIME})

    def _client(self, authorization: str) -> str:
        scheme, _, encoded = authorization.partition(" ")
        try:
            client, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            client = secret = ""
        known = self._clients.get(client)
        if scheme.lower() != "basic" or known is None or not hmac.compare_digest(known.encode(), secret.encode()):
            raise Problem(
                401,
                "invalid-client",
                "There is no such service, or this is not its secret.",
                headers={"www-authenticate": 'Basic realm="staging"'},
            )
        return client

    def _granted(self, user: User, sid: str, refresh_token: str, lifetime: int) -> Response:
        answer: dict[str, Any] = {
            "access_token": self._signing.access(user, sid, self._clock.now(), lifetime),
            "refresh_token": refresh_token,
            "token_type": "Bearer",
            "expires_in": lifetime,
            "scope": " ".join(user["scopes"]),
            "user": user,
        }
        return Json(answer)

    def _end(self, sid: str) -> None:
        self._sessions.end(sid)
        self._register.changed()
