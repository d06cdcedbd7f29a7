"""What everybody may know: the keys that tokens are checked with, and where things are."""

from __future__ import annotations

from hashlib import sha256

from starlette.responses import Response

from suites.staging.answers import Json, encoded, nothing
from suites.staging.auth.signing import Signing
from suites.staging.config import ISSUER
from suites.staging.entity_tags import matches
from suites.staging.resources import ANYBODY, Action, Call, Resource

_FOR_A_MINUTE = "public, max-age=60"


class Published:
    """``/.well-known/…``."""

    def __init__(self, signing: Signing) -> None:
        self._keys = signing.published
        self._tag = f'"{sha256(encoded(self._keys)).hexdigest()[:20]}"'

    def resources(self) -> list[Resource]:
        """Its part of the table."""
        return [
            Resource("/.well-known/jwks.json", {"GET": Action(self.jwks, "The public keys", ANYBODY)}),
            Resource(
                "/.well-known/openid-configuration", {"GET": Action(self.configuration, "Where things are", ANYBODY)}
            ),
        ]

    async def jwks(self, call: Call) -> Response:
        """The key that signs, and the next one."""
        headers = {"cache-control": _FOR_A_MINUTE, "etag": self._tag}
        if matches(call.sent.get("if-none-match"), self._tag):
            return nothing(headers, 304)
        return Json(self._keys, headers=headers)

    async def configuration(self, call: Call) -> Response:
        """OpenID Connect discovery, as far as it applies."""
        return Json(
            {
                "issuer": ISSUER,
                "jwks_uri": f"{ISSUER}/.well-known/jwks.json",
                "token_endpoint": f"{ISSUER}/auth/login",
                "revocation_endpoint": f"{ISSUER}/auth/revoke",
                "id_token_signing_alg_values_supported": ["ES256"],
            },
            headers={"cache-control": _FOR_A_MINUTE},
        )
