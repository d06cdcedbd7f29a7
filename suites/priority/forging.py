"""Tokens that the platform must refuse, made from the parts of a real one without knowing any secret."""

from __future__ import annotations

import base64
import json
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def tampered(token: str, **claims: Any) -> str:
    """The token with other claims under its old signature."""
    header, payload, signature = token.split(".")
    return ".".join((header, _encoded({**_decoded(payload), **claims}), signature))


def unsigned(token: str) -> str:
    """The token without a signature, and saying so."""
    header, payload, _ = token.split(".")
    return ".".join((_encoded({**_decoded(header), "alg": "none"}), payload, ""))


def signed_with_public_key(token: str, key: dict[str, Any]) -> str:
    """The token as HS256, with the published key as its secret."""
    header, payload, _ = token.split(".")
    pem = jwt.PyJWK(key).key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    signing = ".".join((_encoded({**_decoded(header), "alg": "HS256"}), payload))
    hs256 = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    return f"{signing}.{_text(hs256.sign(signing.encode(), pem))}"


def signed_with_own_key(token: str) -> str:
    """The token signed anew, properly, with a key that only names itself as the platform's."""
    header, payload, _ = token.split(".")
    key = ec.generate_private_key(ec.SECP256R1())
    return jwt.encode(_decoded(payload), key, algorithm="ES256", headers=_decoded(header))


def _decoded(part: str) -> dict[str, Any]:
    decoded: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return decoded


def _encoded(part: dict[str, Any]) -> str:
    return _text(json.dumps(part).encode())


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
