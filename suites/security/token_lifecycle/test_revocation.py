"""Revocation: what ends a token or a session ends it at once, at every door, and on open sockets too."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from suites.client import Client
from suites.expect import problem
from suites.security.tokens import OPEN, REFUSED, claims, doors

End = Callable[[Client, Client], Awaitable[object]]
"""Ends the session of a user: given the admin of the tenant, and the user."""


async def test_revoking_an_access_token_ends_that_token_and_not_its_session(member: Client) -> None:
    revoked = member.access_token
    await member.refresh()

    async with member.connect(token=revoked) as old, member.connect() as new:
        await member.call("POST", "/auth/revoke", {"token": revoked})

        assert (await doors(member, revoked), await doors(member)) == (REFUSED, OPEN)
        assert (await old.closed()).code == 4401
        assert (await new.ping())["type"] == "pong"
    await member.refresh()
    assert await doors(member) == OPEN


async def test_revoking_answers_the_same_for_a_token_that_is_known_and_one_that_is_not(member: Client) -> None:
    answers = [
        await member.post("/auth/revoke", {"token": token}, anonymous=True)
        for token in ("rt_never-was", "no token at all", member.refresh_token, member.refresh_token)
    ]

    assert [(answer.status_code, answer.json()) for answer in answers] == [(200, {})] * 4
    assert await doors(member) == REFUSED


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(lambda admin, user: user.logout(), id="a logout"),
        pytest.param(
            lambda admin, user: user.call("DELETE", f"/auth/sessions/{claims(user.access_token)['sid']}"),
            id="its session deleted",
        ),
        pytest.param(
            lambda admin, user: user.call("POST", "/auth/revoke", {"token": user.refresh_token}, anonymous=True),
            id="its refresh token revoked",
        ),
        pytest.param(
            lambda admin, user: admin.call("PATCH", f"/users/{user.user['id']}", {"password": "another password"}),
            id="a new password",
        ),
        pytest.param(
            lambda admin, user: admin.call("PATCH", f"/users/{user.user['id']}", {"disabled": True}),
            id="its user disabled",
        ),
    ],
)
async def test_neither_token_opens_anything_and_the_socket_is_closed_after(
    end: End, client: Client, member: Client
) -> None:
    assert await doors(member) == OPEN

    async with member.connect() as socket:
        await end(client, member)

        assert await doors(member) == REFUSED
        problem(
            await member.post("/auth/refresh", {"refresh_token": member.refresh_token}, anonymous=True),
            401,
            "invalid-grant",
        )
        assert (await socket.closed()).code == 4401
