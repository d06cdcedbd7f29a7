"""The secrets of one environment, made anew at every start."""

from __future__ import annotations

import base64
import secrets

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from suites.staging.config import Account, Secrets, SigningKey


def make_secrets() -> Secrets:
    """Keys, passwords and credentials that no other environment has."""
    return Secrets(
        signing=signing_key(),
        following=signing_key(),
        accounts=(
            Account("ada.acme", "acme", secrets.token_urlsafe(18)),
            Account("gus.globex", "globex", secrets.token_urlsafe(18)),
        ),
        service_clients={name: secrets.token_urlsafe(24) for name in ("gateway", "backend")},
        shared=secrets.token_urlsafe(32),
        admin_key=secrets.token_urlsafe(24),
    )


def signing_key() -> SigningKey:
    """A new EC P-256 key pair with a random ``kid``."""
    private = ec.generate_private_key(ec.SECP256R1())
    numbers = private.public_key().public_numbers()
    kid = secrets.token_hex(8)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = {
        "kty": "EC",
        "crv": "P-256",
        "x": _coordinate(numbers.x),
        "y": _coordinate(numbers.y),
        "kid": kid,
        "use": "sig",
        "alg": "ES256",
    }
    return SigningKey(kid, pem.decode(), public)


def _coordinate(number: int) -> str:
    return base64.urlsafe_b64encode(number.to_bytes(32, "big")).rstrip(b"=").decode()
