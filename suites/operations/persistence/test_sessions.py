"""What the auth service knows it still knows after a restart: sessions, what was revoked and used up, users, keys."""

from __future__ import annotations

import secrets
from typing import Any

import jwt
import pytest

from suites.client import Client, Environment
from suites.expect import problem

pytestmark = pytest.mark.own_environment


async def restart(own: Environment, *, kill: bool = False) -> None:
    restarted = await own.admin.restart("auth-1", kill=kill)
    assert restarted["new"] != restarted["old"]


async def login(like: Client, name: str, password: str) -> Client:
    return await Client.login(like.target, like.http, name, password)


async def statuses(*clients: Client) -> list[int]:
    """How each client's access token fares."""
    return [(await client.get("/threads")).status_code for client in clients]


@pytest.mark.parametrize("kill", [pytest.param(False, id="term"), pytest.param(True, id="kill")])
async def test_a_session_goes_on_and_is_refreshed(own: Environment, own_client: Client, kill: bool) -> None:
    user = await login(own_client, *await own_client.new_user())
    [session] = (await user.call("GET", "/auth/sessions"))["items"]

    await restart(own, kill=kill)

    assert await statuses(user) == [200]
    issued = user.access_token
    await user.refresh()
    assert user.access_token != issued
    assert await statuses(user) == [200]
    assert [found["id"] for found in (await user.call("GET", "/auth/sessions"))["items"]] == [session["id"]]


async def test_what_was_revoked_stays_revoked(own: Environment, own_client: Client) -> None:
    named = await own_client.new_user()
    by_token, by_session, by_logout, untouched = [await login(own_client, *named) for _ in range(4)]
    for token in (by_token.access_token, by_session.refresh_token):
        assert (await own_client.post("/auth/revoke", {"token": token}, anonymous=True)).status_code == 200
    await by_logout.logout()

    await restart(own, kill=True)

    assert await statuses(by_token, by_session, by_logout, untouched) == [401, 401, 401, 200]
    problem(await by_token.get("/threads"), 401, "invalid-token")


async def test_a_refresh_token_that_was_used_is_still_void_and_betrays_its_session(
    own: Environment, own_client: Client
) -> None:
    user = await login(own_client, *await own_client.new_user())
    used = user.refresh_token
    await user.refresh()

    await restart(own, kill=True)

    assert await statuses(user) == [200]
    problem(await user.post("/auth/refresh", {"refresh_token": used}, anonymous=True), 401, "invalid-grant")
    assert await statuses(user) == [401]


async def test_users_are_as_they_were_changed(own: Environment, own_client: Client) -> None:
    made = [await own_client.new_user() for _ in range(4)]
    ids = [(await login(own_client, *named)).user["id"] for named in made]
    password = secrets.token_urlsafe(18)
    await own_client.call("PATCH", f"/users/{ids[0]}", {"role": "viewer", "limits": {"threads": 7}})
    await own_client.call("PATCH", f"/users/{ids[1]}", {"password": password})
    await own_client.call("PATCH", f"/users/{ids[2]}", {"disabled": True})
    await own_client.call("DELETE", f"/users/{ids[3]}")

    await restart(own)

    changed = await login(own_client, *made[0])
    assert (changed.user["role"], changed.user["limits"]["threads"]) == ("viewer", 7)
    assert (await login(own_client, made[1][0], password)).user["id"] == ids[1]
    for name, former in made[1:]:
        refused = await own_client.post("/auth/login", {"user": name, "password": former}, anonymous=True)
        problem(refused, 401, "invalid-credentials")


async def test_the_keys_are_the_same_and_what_they_signed_is_good(own: Environment, own_client: Client) -> None:
    before = await published(own_client)

    await restart(own, kill=True)
    await own.admin.restart("backend-1", kill=True)
    after = await published(own_client)
    anew = await login(own_client, own.target.user, own.target.password)

    assert after == before
    for token in (own_client.access_token, anew.access_token):
        key = jwt.PyJWK(after[jwt.get_unverified_header(token)["kid"]]).key
        claims = jwt.decode(token, key, algorithms=["ES256"], audience="staging-api")
        assert claims["sub"] == own_client.user["id"]
    assert await statuses(own_client, anew) == [200, 200]


async def published(client: Client) -> dict[str, dict[str, Any]]:
    """The published keys, by their id."""
    keys = (await client.call("GET", "/.well-known/jwks.json", anonymous=True))["keys"]
    assert len(keys) == 2
    return {key["kid"]: key for key in keys}
