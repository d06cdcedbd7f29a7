"""A service's own credential, for calling the others."""

from __future__ import annotations

import base64

from suites.staging.calls import Calls, Unreachable
from suites.staging.clock import Clock
from suites.staging.config import Config
from suites.staging.switches import Switches

_EARLY = 30.0
"""Seconds before its end at which a token is replaced."""


class CredentialRefused(Exception):
    """The auth service does not know this service, or not its secret."""


class ServiceCredential:
    """The token of the client ``name`` (``backend``, ``gateway``): fetched when needed, kept until near its end."""

    def __init__(self, config: Config, switches: Switches, clock: Clock, auth: Calls, name: str) -> None:
        self._name, self._secret = name, config.secrets.service_clients[name]
        self._switches, self._clock, self._auth = switches, clock, auth
        self._token = ""
        self._ends = 0.0

    async def headers(self) -> dict[str, str]:
        """To send along. Raises :class:`CredentialRefused` and ``Unreachable``."""
        if self._switches.on("G5-service-credential-wrong"):
            await self._fetch("wrong " + self._secret)
        if not self._token or self._clock.now() >= self._ends - _EARLY:
            await self._fetch(self._secret)
        return {"authorization": f"Bearer {self._token}"}

    def drop(self) -> None:
        """It was refused: the next call fetches another."""
        self._token = ""

    async def _fetch(self, secret: str) -> None:
        basic = base64.b64encode(f"{self._name}:{secret}".encode()).decode()
        status, answer = await self._auth.post(
            "/auth/service-token", {"grant_type": "client_credentials"}, {"authorization": f"Basic {basic}"}
        )
        if status == 401:
            raise CredentialRefused
        if status != 200:
            raise Unreachable
        self._token, self._ends = answer["access_token"], self._clock.now() + answer["expires_in"]
