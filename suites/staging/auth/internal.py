"""What other services ask: does this token count, and which ones have ended."""

from __future__ import annotations

from starlette.responses import Response

from suites.staging.answers import Json
from suites.staging.auth.sessions import Sessions
from suites.staging.auth.standing import Register
from suites.staging.resources import SERVICE, Action, Call, Resource
from suites.staging.streams import LineStream
from suites.staging.tokens import BadToken
from suites.staging.validation import Shape, Text

_TOKEN = Shape({"token": Text(100_000)})


class Internal:
    """``/internal/…``, for services only."""

    def __init__(self, sessions: Sessions, register: Register) -> None:
        self._sessions, self._register = sessions, register

    def resources(self) -> list[Resource]:
        """Its part of the table."""
        return [
            Resource("/internal/introspect", {"POST": Action(self.introspect, "Does a token count", SERVICE, _TOKEN)}),
            Resource("/internal/sessions/ended", {"GET": Action(self.ended, "What ends", SERVICE)}),
        ]

    async def introspect(self, call: Call) -> Response:
        """Whether a user's token counts now, and whose it is (RFC 7662)."""
        token = (await call.body())["token"]
        try:
            return Json(self._register.look_up(token).answer)
        except BadToken as bad:
            return Json({"active": False, "reason": str(bad)})

    async def ended(self, call: Call) -> Response:
        """A line for each session (``sid``), token (``jti``) or user that ends, as it does."""
        return LineStream(self._sessions.ended.subscribe())
