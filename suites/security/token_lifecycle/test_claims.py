"""Claims: tokens that the auth service itself signed, and that are still not for here, or not for now.

A stranger cannot make these, for the signature is checked first; a deployment that is configured
wrongly does. The faults of an environment of its own configure one so.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from suites.client import Client, Environment
from suites.security.token_lifecycle.test_login import CLAIMS
from suites.security.tokens import OPEN, REFUSED, claims, doors

pytestmark = pytest.mark.own_environment

Wrong = Callable[[dict[str, Any]], bool]
"""Whether claims have what is wrong in them."""

HALF_AN_HOUR = 1800


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param("F5-wrong-audience", id="aud is another than it expects"),
        pytest.param("F6-wrong-issuer", id="iss differs by a slash from the one it expects"),
    ],
)
async def test_a_service_takes_no_token_whose(fault: str, own: Environment, http: httpx.AsyncClient) -> None:
    async with broken(own, fault):
        user = await log_in(own, http)
        refused = await doors(user)
    user = await log_in(own, http)

    assert (refused.backend, refused.socket) == (REFUSED.backend, REFUSED.socket)
    assert await doors(user) == OPEN


@pytest.mark.parametrize(
    ("fault", "wrong"),
    [
        pytest.param("F2-not-yet-valid", lambda said: said["nbf"] > time.time() + HALF_AN_HOUR, id="nbf ahead"),
        pytest.param("F3-issued-in-future", lambda said: said["iat"] > time.time() + HALF_AN_HOUR, id="iat ahead"),
        pytest.param("F13-required-claim-missing", lambda said: len(CLAIMS - set(said)) == 1, id="a claim missing"),
    ],
)
async def test_a_rightly_signed_token_opens_nothing_with(
    fault: str, wrong: Wrong, own: Environment, http: httpx.AsyncClient
) -> None:
    async with broken(own, fault):
        spoilt = await log_in(own, http)
    sound = await log_in(own, http)

    assert (wrong(claims(spoilt.access_token)), wrong(claims(sound.access_token))) == (True, False)
    assert (await doors(spoilt), await doors(sound)) == (REFUSED, OPEN)


@asynccontextmanager
async def broken(environment: Environment, fault: str) -> AsyncIterator[None]:
    """The fault is there for as long as the block runs."""
    await environment.admin.set_fault(fault)
    try:
        yield
    finally:
        await environment.admin.clear_fault(fault)


async def log_in(environment: Environment, http: httpx.AsyncClient) -> Client:
    """The admin of its first tenant."""
    return await Client.login(environment.target, http, environment.target.user, environment.target.password)
