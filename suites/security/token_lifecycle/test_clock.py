"""Time: how long tokens live, to the second, by the clock of the services, which an environment of its own can move."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest

from suites.client import Client, Environment
from suites.expect import problem
from suites.security.tokens import OPEN, REFUSED, claims, doors

DAY = 24 * 3600

Clock = Callable[[float], Awaitable[None]]
"""Sets the services' clock ahead by so many seconds."""


@pytest.fixture
async def clock(own: Environment) -> AsyncIterator[Clock]:
    """The clock of ``own``; it goes right again when the test has ended."""
    yield own.admin.set_clock
    await own.admin.set_clock(0)


@pytest.mark.own_environment
async def test_an_access_token_ends_at_its_exp_without_leeway(own_client: Client, clock: Clock) -> None:
    said = claims(own_client.access_token)
    assert said["exp"] - said["iat"] == 900

    await clock(880)
    assert await doors(own_client) == OPEN
    await clock(900)
    assert await doors(own_client) == REFUSED


@pytest.mark.own_environment
async def test_a_token_from_a_clock_that_is_ahead_is_taken_within_five_seconds_and_no_sooner(
    own: Environment, http: httpx.AsyncClient, clock: Clock
) -> None:
    await clock(60)
    ahead = await Client.login(own.target, http, own.target.user, own.target.password)

    await clock(0)
    assert await doors(ahead) == REFUSED
    await clock(45)
    assert await doors(ahead) == REFUSED
    await clock(56)
    assert await doors(ahead) == OPEN


@pytest.mark.own_environment
async def test_a_refresh_token_lives_a_day(
    own: Environment, own_client: Client, http: httpx.AsyncClient, clock: Clock
) -> None:
    late = await Client.login(own.target, http, own.target.user, own.target.password)

    await clock(DAY - 60)
    await own_client.refresh()
    assert await doors(own_client) == OPEN
    await clock(DAY)
    problem(
        await late.post("/auth/refresh", {"refresh_token": late.refresh_token}, anonymous=True), 401, "invalid-grant"
    )


@pytest.mark.own_environment
async def test_an_open_socket_is_closed_with_4401_when_its_token_expires(
    own: Environment, own_client: Client, http: httpx.AsyncClient, clock: Clock
) -> None:
    async with own_client.connect() as socket:
        await clock(600)
        later = await Client.login(own.target, http, own.target.user, own.target.password)
        async with later.connect() as other:
            assert (await socket.ping())["type"] == "pong"
            await clock(900)

            assert (await socket.closed()).code == 4401
            assert (await doors(own_client), await doors(later)) == (REFUSED, OPEN)
            assert (await other.ping())["type"] == "pong"
