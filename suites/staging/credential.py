"""A service's own credential, for calling the others."""

from __future__ import annotations

import httpx

from suites.staging.clock import Clock
from suites.staging.config import AUTH, Config
from suites.staging.switches import Switches

_EARLY = 30.0
"""Seconds before its end at which a token is replaced."""


class CredentialRefused(Exception):
    """The auth service does not know this service, or not its secret."""


class ServiceCredential:
    """The token of the client ``name`` (``backend``, ``gateway``): fetched when needed, kept until near its end."""

    def __init__(self, config: Config, switches: Switches, clock: Clock, client: httpx.AsyncClient, name: str) -> None:
        self._url = config.url(AUTH) + "/auth/service-token"
        self._name, self._secret = name, config.secrets.service_clients[name]
        self._switches, self._clock, self._client = switches, clock, client
        self._token = ""
        self._ends = 0.0

    async def headers(self) -> dict[str, str]:
        """To send along. Raises :class:`CredentialRefused`, or ``httpx.TransportError`` and ``HTTPStatusError``."""
        if self._switches.on("G5-service-credential-wrong"):
            await self._fetch("wrong " + self._secret)
        if not self._token or self._clock.now() >= self._ends - _EARLY:
            await self._fetch(self._secret)
        return {"authorization": f"Bearer {self._token}"}

    def drop(self) -> None:
        """It was refused: the next call fetches another."""
        self._token = ""

    async def _fetch(self, secret: str) -> None:
        answer = await self._client.post(
            self._url, json={"grant_type": "client_credentials"}, auth=httpx.BasicAuth(self._name, secret)
        )
        if answer.status_code == 401:
            raise CredentialRefused
        answer.raise_for_status()
        granted = answer.json()
        self._token, self._ends = granted["access_token"], self._clock.now() + granted["expires_in"]
