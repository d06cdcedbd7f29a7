"""Refreshing: a new pair for an old one, each refresh token once, and what a second use costs."""

from __future__ import annotations

import asyncio

import httpx

from suites.client import Client
from suites.expect import problem
from suites.security.tokens import OPEN, REFUSED, claims, doors


async def test_a_refresh_grants_a_new_pair_for_the_same_session(member: Client) -> None:
    answer = await _refresh(member, member.refresh_token)
    granted = answer.json()
    old, new = claims(member.access_token), claims(granted["access_token"])

    assert set(granted) == set(member.granted)
    assert (granted["token_type"], granted["expires_in"], granted["user"]["id"]) == ("Bearer", 900, old["sub"])
    assert granted["refresh_token"].startswith("rt_")
    assert granted["refresh_token"] != member.refresh_token
    assert (new["sid"], new["sub"]) == (old["sid"], old["sub"])
    assert new["jti"] != old["jti"]
    assert await doors(member, granted["access_token"]) == OPEN


async def test_an_old_access_token_stays_valid_when_its_session_is_refreshed(member: Client) -> None:
    old = member.access_token
    await member.refresh()

    assert member.access_token != old
    assert await doors(member, old) == OPEN
    sessions = (await member.call("GET", "/auth/sessions", token=old))["items"]
    assert [(session["id"], session["current"]) for session in sessions] == [(claims(old)["sid"], True)]


async def test_a_void_refresh_token_ends_the_whole_session_with_its_newest_tokens(member: Client) -> None:
    void, first = member.refresh_token, member.access_token
    await member.refresh()
    await member.refresh()
    assert await doors(member) == OPEN

    async with member.connect() as socket:
        problem(await _refresh(member, void), 401, "invalid-grant")

        assert await doors(member, first) == REFUSED
        assert await doors(member) == REFUSED
        problem(await _refresh(member, member.refresh_token), 401, "invalid-grant")
        assert (await socket.closed()).code == 4401


async def test_a_void_refresh_token_leaves_the_users_other_sessions_alone(client: Client) -> None:
    name, password = await client.new_user()
    stolen, other = [await Client.login(client.target, client.http, name, password) for _ in range(2)]
    void = stolen.refresh_token
    await stolen.refresh()

    problem(await _refresh(stolen, void), 401, "invalid-grant")

    assert (await doors(stolen), await doors(other)) == (REFUSED, OPEN)
    await other.refresh()
    assert [s["current"] for s in (await other.call("GET", "/auth/sessions"))["items"]] == [True]


async def test_of_many_uses_of_one_refresh_token_at_the_same_time_one_is_granted(member: Client) -> None:
    answers = await asyncio.gather(*(_refresh(member, member.refresh_token) for _ in range(5)))

    assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401, 401]
    for answer in answers:
        if answer.status_code == 401:
            problem(answer, 401, "invalid-grant")
    assert await doors(member) == REFUSED


async def test_neither_token_stands_for_the_other(member: Client) -> None:
    assert await doors(member, member.refresh_token) == REFUSED
    problem(await _refresh(member, member.access_token), 401, "invalid-grant")

    assert await doors(member) == OPEN
    assert (await _refresh(member, member.refresh_token)).status_code == 200


async def _refresh(client: Client, token: str) -> httpx.Response:
    return await client.post("/auth/refresh", {"refresh_token": token}, anonymous=True)
