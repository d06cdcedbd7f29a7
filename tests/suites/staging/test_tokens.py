"""A token is believed only if everything about it is right."""

from __future__ import annotations

import base64
import hmac
from dataclasses import replace
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from suites.staging.tokens import (
    ACCESS,
    ACCESS_CLAIMS,
    LEEWAY,
    SERVICE,
    BadToken,
    Expected,
    Signer,
    UnknownKey,
    believe,
    opened,
)

NOW = 1_800_000_000.0
KEY = ec.generate_private_key(ec.SECP256R1())
SIGNER = Signer(KEY, "first")
KEYS = {"first": KEY.public_key()}
CLAIMS: dict[str, Any] = {
    "iss": ACCESS.issuer,
    "aud": ACCESS.audience,
    "sub": "usr_1",
    "tenant": "ten_1",
    "role": "member",
    "scope": "threads:read",
    "typ": "access",
    "iat": NOW,
    "nbf": NOW,
    "exp": NOW + 900,
    "jti": "jti_1",
    "sid": "ses_1",
}


def test_a_token_that_is_right_is_believed() -> None:
    claims = opened(SIGNER.sign(CLAIMS), KEYS, ACCESS)

    believe(claims, ACCESS, NOW)
    assert claims == CLAIMS


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"iss": "https://auth.staging.example/"}, "issuer"),
        ({"aud": "another"}, "audience"),
        ({"aud": ["staging-api"]}, "kind"),
        ({"typ": "service"}, "no access token"),
        ({"exp": NOW}, "expired"),
        ({"exp": NOW - 1}, "expired"),
        ({"exp": True}, "kind"),
        ({"exp": "later"}, "kind"),
        ({"nbf": NOW + LEEWAY + 1}, "not valid yet"),
        ({"iat": NOW + LEEWAY + 1}, "in the future"),
        ({"sub": 7}, "kind"),
    ],
)
def test_a_claim_that_is_wrong_is_named(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(BadToken, match=reason):
        believe({**CLAIMS, **changes}, ACCESS, NOW)


@pytest.mark.parametrize("claim", ACCESS_CLAIMS)
def test_every_claim_is_required(claim: str) -> None:
    with pytest.raises(BadToken, match=f"claim {claim} is missing"):
        believe({name: value for name, value in CLAIMS.items() if name != claim}, ACCESS, NOW)


@pytest.mark.parametrize("claim", ["nbf", "iat"])
def test_a_clock_may_differ_by_the_leeway(claim: str) -> None:
    believe({**CLAIMS, claim: NOW + LEEWAY}, ACCESS, NOW)


def test_a_token_lives_to_the_last_moment() -> None:
    believe(CLAIMS, ACCESS, CLAIMS["exp"] - 0.001)


def forged(header: dict[str, Any], key: Any, algorithm: str) -> str:
    return jwt.encode(CLAIMS, key, algorithm, {"kid": "first", "typ": "at+jwt", **header})


def test_no_signature_is_no_token() -> None:
    with pytest.raises(BadToken, match="algorithm"):
        opened(forged({}, None, "none"), KEYS, ACCESS)


def test_the_public_key_is_no_shared_secret() -> None:
    # PyJWT does not sign with such a secret; an attacker would.
    secret = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    signed = forged({}, "any secret that is long enough to please", "HS256").rpartition(".")[0]
    signature = base64.urlsafe_b64encode(hmac.digest(secret, signed.encode(), "sha256")).decode().rstrip("=")
    with pytest.raises(BadToken, match="algorithm"):
        opened(f"{signed}.{signature}", KEYS, ACCESS)


def test_another_curve_is_not_allowed() -> None:
    with pytest.raises(BadToken, match="algorithm"):
        opened(forged({}, ec.generate_private_key(ec.SECP384R1()), "ES384"), KEYS, ACCESS)


def test_an_unknown_key_is_told_apart() -> None:
    with pytest.raises(UnknownKey):
        opened(forged({"kid": "second"}, KEY, "ES256"), KEYS, ACCESS)


def test_a_foreign_key_under_a_known_name_is_refused() -> None:
    with pytest.raises(BadToken, match="signature"):
        opened(forged({}, ec.generate_private_key(ec.SECP256R1()), "ES256"), KEYS, ACCESS)


def test_a_header_of_another_type_is_refused() -> None:
    with pytest.raises(BadToken, match="no access token"):
        opened(forged({"typ": "JWT"}, KEY, "ES256"), KEYS, ACCESS)


@pytest.mark.parametrize("cut", [1, 10, 40, 150])
def test_a_token_that_was_cut_is_refused(cut: int) -> None:
    token = SIGNER.sign(CLAIMS)
    with pytest.raises(BadToken):
        opened(token[:-cut], KEYS, ACCESS)


@pytest.mark.parametrize("token", ["", ".", "..", "a.b.c", "é", "x" * 5000, "e30.e30.e30"])
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(BadToken):
        opened(token, KEYS, ACCESS)


def test_a_users_token_is_no_services_token() -> None:
    claims = opened(SIGNER.sign(CLAIMS), KEYS, SERVICE)
    with pytest.raises(BadToken):
        believe(claims, SERVICE, NOW)


def test_what_is_expected_is_what_counts() -> None:
    other: Expected = replace(ACCESS, audience="another")
    believe({**CLAIMS, "aud": "another"}, other, NOW)
