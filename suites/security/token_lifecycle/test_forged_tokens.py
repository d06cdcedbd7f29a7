"""Forged tokens: made from a real one's parts, refused at every door by the same answer."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from suites.client import Client
from suites.expect import problem
from suites.security.tokens import OPEN, REFUSED, by_a_key_of_ones_own, by_hmac_with, doors, forged, header

Forge = Callable[[str, dict[str, Any]], str]
"""Makes the forgery, of a real token and the public key that verifies it."""


@pytest.mark.parametrize(
    "forge",
    [
        pytest.param(
            lambda real, key: forged(real, header={"alg": "none"}, sign=lambda signed: b""), id="alg none, no signature"
        ),
        pytest.param(
            lambda real, key: forged(real, header={"alg": "HS256"}, sign=by_hmac_with(key)),
            id="alg HS256 with the public key",
        ),
        pytest.param(lambda real, key: forged(real, sign=by_a_key_of_ones_own()), id="another key under its kid"),
        pytest.param(
            lambda real, key: forged(real, header={"kid": hashlib.sha256(b"unknown").hexdigest()}),
            id="an unknown kid",
        ),
        pytest.param(lambda real, key: forged(real, claims={"role": "admin"}), id="a claim changed"),
    ],
)
async def test_a_forged_token_opens_nothing_that_the_real_one_opens(forge: Forge, member: Client) -> None:
    keys = await member.call("GET", "/.well-known/jwks.json", anonymous=True)
    key = next(key for key in keys["keys"] if key["kid"] == header(member.access_token)["kid"])
    assert await doors(member) == OPEN

    forgery = forge(member.access_token, key)

    assert await doors(member, forgery) == REFUSED
    refused = await member.get("/quotas", token=forgery)
    problem(refused, 401, "invalid-token")
    assert refused.headers["www-authenticate"] == 'Bearer error="invalid_token"'
