"""Whose token is this, and does it count now: for every service but auth itself.

A token is checked here by its content, and at the auth service for what no token can say: that
its session still stands, and what its user may do now. Nothing of the second is kept, so that a
revocation counts at once.
"""

from __future__ import annotations

from typing import Any

import httpx

from suites.staging.calls import Calls, Unreachable
from suites.staging.clock import Clock
from suites.staging.config import AUTH, Config
from suites.staging.credential import CredentialRefused, ServiceCredential
from suites.staging.identity import Identity, identity
from suites.staging.keyring import Keyring
from suites.staging.problems import forbidden, invalid_token, unavailable
from suites.staging.switches import Switches
from suites.staging.tokens import BadToken, Claims

_TIMEOUT = httpx.Timeout(5.0)
# Shorter than the two minutes for which a service keeps a quiet connection open, or requests are lost on the way.
_LIMITS = httpx.Limits(max_connections=200, max_keepalive_connections=50, keepalive_expiry=60.0)


def internal_client() -> httpx.AsyncClient:
    """For other calls between services: kept connections, no proxy, no redirects, no TLS."""
    return httpx.AsyncClient(timeout=_TIMEOUT, limits=_LIMITS, trust_env=False, verify=False)


class Verifier:
    """For the service client ``name`` (``backend``, ``gateway``). Everything it raises is a :class:`Problem`."""

    def __init__(self, config: Config, switches: Switches, clock: Clock, name: str) -> None:
        self._switches, self._clock = switches, clock
        self.client = internal_client()
        self._auth = Calls(config.ports[AUTH])
        self.credential = ServiceCredential(config, switches, clock, self._auth, name)
        self._keyring = Keyring(config, switches, self._auth)

    async def identity(self, token: str) -> Identity:
        """The user of an access token that counts. Raises 401 ``invalid-token``, or 503 if nobody can tell."""
        try:
            if self._asks_first():
                await self._ask("")
            await self._keyring.access(token, self._clock.now())
            answer = await self._ask(token)
        except BadToken as bad:
            raise invalid_token(str(bad)) from None
        except (Unreachable, CredentialRefused):
            if self._switches.on("G5-service-credential-wrong"):
                raise forbidden("Access was denied.") from None
            raise unavailable("The auth service does not answer.") from None
        if not answer["active"]:
            raise invalid_token(answer["reason"])
        return identity(answer)

    async def service(self, token: str) -> Claims:
        """The claims of a service's token. Raises as :meth:`identity` does."""
        try:
            return await self._keyring.service(token, self._clock.now())
        except BadToken as bad:
            raise invalid_token(str(bad)) from None
        except Unreachable:
            raise unavailable("The auth service does not answer.") from None

    async def headers(self) -> dict[str, str]:
        """The service credential, for a call to another service. Raises :class:`Problem` 503."""
        try:
            return await self.credential.headers()
        except (Unreachable, CredentialRefused):
            raise unavailable("The auth service gives no service token.") from None

    async def aclose(self) -> None:
        """Close the connections."""
        self._auth.close()
        await self.client.aclose()

    async def _ask(self, token: str) -> dict[str, Any]:
        """An introspection; once more with a new credential if this one was refused."""
        for _ in range(2):
            status, answer = await self._auth.post(
                "/internal/introspect", {"token": token}, await self.credential.headers()
            )
            if status == 200:
                result: dict[str, Any] = answer
                return result
            self.credential.drop()
        raise CredentialRefused

    def _asks_first(self) -> bool:
        """Under two faults the auth service is asked, in vain, before the token is even read."""
        return self._switches.on("G5-service-credential-wrong") or self._switches.on("G6-auth-service-down")
