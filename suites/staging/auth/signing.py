"""What the auth service signs with, what its tokens say, and which of them it takes back.

It takes what it signs, whatever a fault makes it sign with: whether others do is the question of
the fault.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from suites.staging import ids
from suites.staging.config import AUDIENCE, INTERNAL_AUDIENCE, ISSUER, Config, SigningKey
from suites.staging.switches import Switches
from suites.staging.tokens import ACCESS, SERVICE, Claims, Signer, believe, opened, public_keys

SERVICE_LIFETIME = 300
"""Seconds that a service's token lives."""

_SHARED = ("F8-rotated-secret", "F9-secret-newline", "F10-base64-secret")
_AN_HOUR = 3600.0
_SERVICES_KEPT = 50


class Signing:
    """The keys of this process. ``published``: the key set for everybody."""

    def __init__(self, config: Config, switches: Switches) -> None:
        self._switches = switches
        known = config.secrets
        self.published = {"keys": [known.signing.public, known.following.public]}
        self._usual = _signer(known.signing)
        self._following = _signer(known.following)
        self._shared = Signer(known.shared, "shared", "HS256")
        self._foreign = Signer(ec.generate_private_key(ec.SECP256R1()), secrets.token_hex(8))
        self._larger = Signer(ec.generate_private_key(ec.SECP384R1()), known.signing.kid, "ES384")
        self._keys = public_keys(self.published)
        # A few services show theirs at every request of everybody: each is opened once.
        self._services: dict[str, Claims] = {}

    def access(self, user: Mapping[str, Any], sid: str, now: float, lifetime: int) -> str:
        """A user's access token. ``user``: as it is shown; ``lifetime``: seconds."""
        # Parts of a second that a binary number holds exactly: a token of one second lives for one second,
        # and ``exp - iat`` is the lifetime to the last bit.
        issued = int(now * 64) / 64
        claims: Claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": user["id"],
            "tenant": user["tenant"],
            "role": user["role"],
            "scope": " ".join(user["scopes"]),
            "typ": "access",
            "iat": issued,
            "nbf": issued,
            "exp": issued + lifetime,
            "jti": ids.new("jti"),
            "sid": sid,
        }
        on = self._switches.on
        if on("F1-expired-token"):
            claims |= {"iat": issued - lifetime - 60, "nbf": issued - lifetime - 60, "exp": issued - 60}
        if on("F2-not-yet-valid"):
            claims["nbf"] = issued + _AN_HOUR
        if on("F3-issued-in-future"):
            claims["iat"] = issued + _AN_HOUR
        if on("F7-token-of-another-environment"):
            claims["iss"] = "https://auth.production.example"
        if on("F13-required-claim-missing"):
            del claims["tenant"]
        token = self._signer().sign(claims)
        return token[: len(token) // 2] if on("F14-truncated-token") else token

    def service(self, client: str, now: float) -> str:
        """A service's own token."""
        return self._usual.sign(
            {
                "iss": ISSUER,
                "aud": INTERNAL_AUDIENCE,
                "sub": client,
                "typ": "service",
                "iat": int(now),
                "exp": int(now) + SERVICE_LIFETIME,
                "jti": ids.new("jti"),
            }
        )

    def read(self, token: str) -> Claims:
        """The claims of an access token that was signed here, in force or not. Raises ``BadToken``."""
        signer = self._signer()
        if signer.algorithm == "HS256":
            return opened(token, {signer.kid: signer.key}, replace(ACCESS, algorithms=("HS256",)))
        if signer is self._larger:
            return opened(token, {signer.kid: signer.key.public_key()}, replace(ACCESS, algorithms=("ES384",)))
        return opened(token, self._keys, ACCESS)

    def read_service(self, token: str, now: float) -> Claims:
        """The claims of a service's token that holds. Raises ``BadToken``."""
        if (claims := self._services.get(token)) is None:
            if len(self._services) >= _SERVICES_KEPT:
                self._services.clear()
            claims = self._services[token] = opened(token, self._keys, SERVICE)
        believe(claims, SERVICE, now)
        return claims

    def _signer(self) -> Signer:
        on = self._switches.on
        if on("F7-token-of-another-environment"):
            return self._foreign
        if any(on(fault) for fault in _SHARED):
            return self._shared
        if on("F11-algorithm-not-allowed"):
            return self._larger
        if on("F12-stale-jwks"):
            return self._following
        return self._usual


def _signer(key: SigningKey) -> Signer:
    return Signer(load_pem_private_key(key.private.encode(), None), key.kid)
