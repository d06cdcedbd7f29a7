"""Tokens: how they are made, and what is checked before one is believed.

Only the signature is left to PyJWT: it reads the system's clock, and the services here go by
their own, which the environment can set.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt
from jwt import PyJWK

from suites.staging.config import AUDIENCE, INTERNAL_AUDIENCE, ISSUER

Claims = dict[str, Any]

ACCESS_CLAIMS = ("iss", "aud", "sub", "tenant", "role", "scope", "typ", "iat", "nbf", "exp", "jti", "sid")
SERVICE_CLAIMS = ("iss", "aud", "sub", "typ", "iat", "exp", "jti")
LEEWAY = 5.0
"""Seconds that ``nbf`` and ``iat`` may lie ahead; ``exp`` has none."""

_NUMBERS = ("iat", "nbf", "exp")


class BadToken(Exception):
    """A token that is not believed, and why."""


class UnknownKey(BadToken):
    """Signed with a key that is not among the known ones: they may have changed."""


@dataclass(frozen=True)
class Expected:
    """What a token must be to count here."""

    issuer: str = ISSUER
    audience: str = AUDIENCE
    typ: str = "access"
    claims: tuple[str, ...] = ACCESS_CLAIMS
    algorithms: tuple[str, ...] = ("ES256",)


ACCESS = Expected()
SERVICE = Expected(audience=INTERNAL_AUDIENCE, typ="service", claims=SERVICE_CLAIMS)


@dataclass(frozen=True)
class Signer:
    """What tokens are signed with. ``key``: a private key, or a shared secret."""

    key: Any
    kid: str
    algorithm: str = "ES256"

    def sign(self, claims: Claims) -> str:
        """The token of these claims. An access token says so in its header (RFC 9068)."""
        kind = "at+jwt" if claims.get("typ") == "access" else "JWT"
        return jwt.encode(claims, self.key, self.algorithm, {"kid": self.kid, "typ": kind})


def public_keys(jwks: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of a published key set by ``kid``."""
    return {key["kid"]: PyJWK(dict(key), algorithm="ES256").key for key in jwks["keys"]}


def opened(token: str, keys: Mapping[str, Any], expected: Expected) -> Claims:
    """The claims of a token whose signature holds. Raises :class:`BadToken`. What they say is not yet checked."""
    try:
        header = jwt.get_unverified_header(token)
    except jwt.PyJWTError:
        raise BadToken("it is malformed") from None
    if (algorithm := header.get("alg")) not in expected.algorithms:
        raise BadToken("its algorithm is not allowed")
    if expected.typ == "access" and header.get("typ") != "at+jwt":
        raise BadToken("it is no access token")
    if (key := keys.get(str(header.get("kid")))) is None:
        raise UnknownKey("its key is not known")
    try:
        claims: Claims = jwt.decode(token, key, algorithms=[algorithm], options=_SIGNATURE_ONLY)
    except jwt.InvalidSignatureError:
        raise BadToken("its signature is wrong") from None
    except jwt.PyJWTError:
        raise BadToken("it is malformed") from None
    return claims


_SIGNATURE_ONLY: Any = {
    "verify_signature": True,
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "verify_aud": False,
    "verify_iss": False,
    "verify_sub": False,
    "verify_jti": False,
}


def believe(claims: Claims, expected: Expected, now: float) -> None:
    """Raises :class:`BadToken` unless the claims are what is expected at ``now`` (seconds since the epoch)."""
    for name in expected.claims:
        if name not in claims:
            raise BadToken(f"the claim {name} is missing")
        kind = (int, float) if name in _NUMBERS else str
        if not isinstance(claims[name], kind) or isinstance(claims[name], bool):
            raise BadToken(f"the claim {name} is of the wrong kind")
    if claims["iss"] != expected.issuer:
        raise BadToken("its issuer is another one")
    if claims["aud"] != expected.audience:
        raise BadToken("it is for another audience")
    if claims["typ"] != expected.typ:
        raise BadToken(f"it is no {expected.typ} token")
    if now >= claims["exp"]:
        raise BadToken("it has expired")
    if claims.get("nbf", 0) > now + LEEWAY:
        raise BadToken("it is not valid yet")
    if claims["iat"] > now + LEEWAY:
        raise BadToken("it was issued in the future")
