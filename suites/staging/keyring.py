"""The keys that users' tokens are checked with, as the auth service publishes them."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from suites.staging.calls import Calls
from suites.staging.config import AUDIENCE, ISSUER, Config
from suites.staging.switches import Switches
from suites.staging.tokens import ACCESS, SERVICE, Claims, Expected, UnknownKey, believe, opened, public_keys

_FRESH = 60.0
"""Seconds (scaled) that a key set is used before it is fetched again."""
_AGAIN = 1.0
"""Seconds (scaled) between two fetches for keys that are not known: anybody can make one up."""
_MOST = 5000


class Keyring:
    """Opens tokens. A token that was opened once is not opened again: its signature does not change."""

    def __init__(self, config: Config, switches: Switches, auth: Calls) -> None:
        self._fresh, self._again = config.scaled(_FRESH), config.scaled(_AGAIN)
        self._shared, self._following = config.secrets.shared, config.secrets.following.kid
        self._switches, self._auth = switches, auth
        self._keys: Mapping[str, Any] = {}
        self._fetched = float("-inf")
        self._fetching = asyncio.Lock()
        self._opened: dict[str, Claims] = {}
        self._faults = switches.faults

    async def access(self, token: str, now: float) -> Claims:
        """The claims of a user's token that holds by its content. Raises ``BadToken``, or ``Unreachable``."""
        expected = self._expected()
        claims = await self._claims(token, expected)
        believe(claims, expected, now)
        return claims

    async def service(self, token: str, now: float) -> Claims:
        """The same of a service's token."""
        claims = await self._claims(token, SERVICE)
        believe(claims, SERVICE, now)
        return claims

    def _expected(self) -> Expected:
        """What this deployment is configured to expect: of the faults, four are a wrong configuration of it."""
        on = self._switches.on
        if on("F5-wrong-audience"):
            return replace(ACCESS, audience=f"{AUDIENCE}-v2")
        if on("F6-wrong-issuer"):
            return replace(ACCESS, issuer=f"{ISSUER}/")
        if self._secret() is not None:
            return replace(ACCESS, algorithms=("HS256",))
        return ACCESS

    def _secret(self) -> str | None:
        """The shared secret that this side of the deployment holds, in the faults where there is one."""
        if self._switches.on("F8-rotated-secret"):
            return f"previous-{self._shared}"
        if self._switches.on("F9-secret-newline"):
            return f"{self._shared}\n"
        if self._switches.on("F10-base64-secret"):
            return base64.b64encode(self._shared.encode()).decode()
        return None

    async def _claims(self, token: str, expected: Expected) -> Claims:
        if self._switches.faults is not self._faults:
            self._faults = self._switches.faults
            self._opened.clear()
        if (claims := self._opened.get(token)) is not None and expected.typ == claims.get("typ"):
            return claims
        if "HS256" in expected.algorithms:
            claims = opened(token, {"shared": self._secret()}, expected)
        else:
            try:
                claims = opened(token, await self._known(self._fresh), expected)
            except UnknownKey:
                claims = opened(token, await self._known(self._again), expected)
        if len(self._opened) >= _MOST:
            self._opened.clear()
        self._opened[token] = claims
        return claims

    async def _known(self, age: float) -> Mapping[str, Any]:
        """The key set, at most so old (seconds)."""
        stale = self._switches.on("F12-stale-jwks")
        if stale and self._keys:
            return self._without_following()
        if time.monotonic() - self._fetched >= age:
            async with self._fetching:
                if time.monotonic() - self._fetched >= age:
                    self._keys = public_keys(await self._auth.get("/.well-known/jwks.json"))
                    self._fetched = time.monotonic()
        return self._without_following() if stale else self._keys

    def _without_following(self) -> Mapping[str, Any]:
        return {kid: key for kid, key in self._keys.items() if kid != self._following}
