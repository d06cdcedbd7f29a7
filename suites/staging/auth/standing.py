"""Whether a token counts now, and whose it is: asked at every request of every service.

What was found is kept until anything changes that could change it. This process alone writes, so
that is exact: a revocation counts from the moment it is answered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from suites.staging.auth.sessions import Sessions
from suites.staging.auth.signing import Signing
from suites.staging.auth.users import Users
from suites.staging.clock import Clock
from suites.staging.config import Config
from suites.staging.problems import Problem
from suites.staging.switches import Switches
from suites.staging.tokens import ACCESS, BadToken, Claims, believe

_MOST = 5000


@dataclass(frozen=True, slots=True)
class Standing:
    """A token that counts. ``answer``: to an introspection."""

    claims: Claims
    user: dict[str, Any]

    @property
    def answer(self) -> dict[str, Any]:
        """As an introspection says it."""
        claims = self.claims
        return {"active": True, "user": self.user, "sid": claims["sid"], "jti": claims["jti"], "exp": claims["exp"]}


class Register:
    """Knows which tokens count."""

    def __init__(
        self, signing: Signing, users: Users, sessions: Sessions, clock: Clock, switches: Switches, config: Config
    ) -> None:
        self._signing, self._users, self._sessions = signing, users, sessions
        self._clock, self._switches = clock, switches
        self._first = config.secrets.accounts[0].name
        self._known: dict[str, Standing] = {}
        self._touched: dict[str, float] = {}
        self._faults = switches.faults

    def changed(self) -> None:
        """A session, a token or a user is not what it was."""
        self._known.clear()

    def look_up(self, token: str) -> Standing:
        """Raises :class:`BadToken`."""
        if self._switches.faults is not self._faults:
            self._faults = self._switches.faults
            self._known.clear()
        now = self._clock.now()
        standing = self._known.get(token)
        if standing is None:
            if len(self._known) >= _MOST:
                self._known.clear()
            standing = self._known[token] = self._found(token, now)
        believe(standing.claims, ACCESS, now)
        sid = standing.claims["sid"]
        if abs(now - self._touched.get(sid, 0)) >= 1:
            if len(self._touched) >= _MOST:
                self._touched.clear()
            self._touched[sid] = now
            self._sessions.used(sid, now)
        return standing

    def _found(self, token: str, now: float) -> Standing:
        claims = self._signing.read(token)
        believe(claims, ACCESS, now)
        if not self._sessions.stands(claims["sid"], claims["jti"]):
            raise BadToken("it was revoked")
        try:
            user = self._users.find(claims["sub"])
        except Problem:
            raise BadToken("its user is gone") from None
        if user["disabled"] or (user["name"] == self._first and self._switches.on("G1-user-disabled")):
            raise BadToken("its user is disabled")
        return Standing(claims, user)
