"""Tokens as a stranger holds them: taken apart, changed, signed with other keys, and tried at every door.

Nothing here knows a secret of the platform: what is forged is made from a real token's parts.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any, NamedTuple

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm
from websockets.exceptions import InvalidStatus

from suites.client import Client

Signer = Callable[[bytes], bytes]
"""Makes the signature of what is signed."""


class Doors(NamedTuple):
    """What a token gets at each door: the status of REST (and the problem's slug), and that of the handshake."""

    auth: str
    backend: str
    socket: int


OPEN = Doors("200", "200", 101)
REFUSED = Doors("401 invalid-token", "401 invalid-token", 403)


async def doors(client: Client, token: str | None = None) -> Doors:
    """Try a token (this session's, unless told otherwise) at the auth service, the backend and the gateway."""
    auth = await client.get("/users/me", token=token)
    backend = await client.get("/quotas", token=token)
    return Doors(_answer(auth), _answer(backend), await handshake(client, token=token))


async def handshake(client: Client, **options: Any) -> int:
    """The status that the WebSocket handshake is answered with: 101 is an open door."""
    try:
        async with client.connect(**options):
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code


def claims(token: str) -> dict[str, Any]:
    """What a token says, unverified."""
    return jwt.decode(token, options={"verify_signature": False})


def header(token: str) -> dict[str, Any]:
    """A token's header, unverified."""
    return jwt.get_unverified_header(token)


def forged(
    token: str,
    *,
    header: dict[str, Any] | None = None,
    claims: dict[str, Any] | None = None,
    sign: Signer | None = None,
) -> str:
    """The token with parts of its header and claims changed; its old signature, unless ``sign`` makes another."""
    head, body, signature = token.split(".")
    head, body = _changed(head, header), _changed(body, claims)
    if sign is not None:
        signature = _encoded(sign(f"{head}.{body}".encode()))
    return f"{head}.{body}.{signature}"


def by_a_key_of_ones_own() -> Signer:
    """Signs rightly for ES256, with a key that the platform has never seen."""
    key = ec.generate_private_key(ec.SECP256R1())
    algorithm = ECAlgorithm(ECAlgorithm.SHA256)
    return lambda signed: algorithm.sign(signed, key)


def by_hmac_with(public_key: dict[str, Any]) -> Signer:
    """Signs for HS256, with the published key's text as the secret: a verifier that lets tokens choose falls for it."""
    secret = jwt.PyJWK(public_key).key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return lambda signed: hmac.new(secret, signed, hashlib.sha256).digest()


def _answer(response: httpx.Response) -> str:
    if response.is_success:
        return str(response.status_code)
    return f"{response.status_code} {response.json()['type'].rpartition('/')[2]}"


def _changed(part: str, changes: dict[str, Any] | None) -> str:
    if not changes:
        return part
    return _encoded(json.dumps(json.loads(base64.urlsafe_b64decode(part + "==")) | changes).encode())


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
