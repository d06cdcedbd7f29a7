"""P2, authentication and security: what a token is, when it ends, and what nobody gets by without one.

Covers the promises of login, refresh and revocation, of the tokens' signature and expiry, of roles
that count at once, of the origin check of the WebSocket, and of the security headers.
"""

from __future__ import annotations

import re
from typing import Any

import jwt

from suites.client import Client
from suites.expect import SECURITY_HEADERS, problem
from suites.priority.forging import signed_with_own_key, signed_with_public_key, tampered, unsigned
from suites.priority.steps import refused_handshake


async def signing_key(client: Client, token: str) -> dict[str, Any]:
    """The published key that the token names."""
    kid = jwt.get_unverified_header(token)["kid"]
    keys: list[dict[str, Any]] = (await client.call("GET", "/.well-known/jwks.json", anonymous=True))["keys"]
    [key] = [key for key in keys if key["kid"] == kid]
    return key


async def test_a_login_grants_a_token_that_a_published_key_verifies_and_that_says_who_one_is(member: Client) -> None:
    key = await signing_key(member, member.access_token)

    claims = jwt.decode(
        member.access_token,
        jwt.PyJWK(key).key,
        algorithms=["ES256"],
        audience="staging-api",
        issuer="https://auth.staging.example",
    )
    me = (await member.get("/users/me")).json()

    assert me == member.user
    assert (claims["sub"], claims["tenant"], claims["role"]) == (me["id"], me["tenant"], "member")
    assert (claims["typ"], claims["scope"].split()) == ("access", me["scopes"])
    assert claims["exp"] - claims["iat"] == 900


async def test_a_wrong_password_and_an_unknown_user_cannot_be_told_apart(client: Client) -> None:
    name, password = await client.new_user()

    async def refusal(user: str, password: str) -> dict[str, Any]:
        response = await client.post("/auth/login", {"user": user, "password": password}, anonymous=True)
        return {**problem(response, 401, "invalid-credentials"), "request_id": ...}

    granted = await client.call("POST", "/auth/login", {"user": name, "password": password}, anonymous=True)

    assert granted["user"]["name"] == name
    assert await refusal(name, password + "!") == await refusal(f"{name}-nobody", password)


async def test_ten_wrong_passwords_lock_that_user_and_nobody_else(client: Client) -> None:
    (name, password), (other, others_password) = await client.new_user(), await client.new_user()

    async def login(user: str, password: str) -> Any:
        return await client.post("/auth/login", {"user": user, "password": password}, anonymous=True)

    wrong = [(await login(name, f"wrong password {i}")).status_code for i in range(10)]
    locked = await login(name, password)

    assert wrong == [401] * 10
    problem(locked, 429, "too-many-attempts")
    assert re.fullmatch("[1-9][0-9]?", locked.headers["retry-after"])
    assert (await login(other, others_password)).status_code == 200


async def test_a_refresh_token_that_is_used_again_ends_its_session_and_no_other(client: Client) -> None:
    name, password = await client.new_user()
    stolen, elsewhere = [await Client.login(client.target, client.http, name, password) for _ in range(2)]
    void = stolen.refresh_token
    await stolen.refresh()
    assert (await stolen.get("/threads")).status_code == 200

    problem(await stolen.post("/auth/refresh", {"refresh_token": void}, anonymous=True), 401, "invalid-grant")

    problem(await stolen.get("/threads"), 401, "invalid-token")
    newest = await stolen.post("/auth/refresh", {"refresh_token": stolen.refresh_token}, anonymous=True)
    problem(newest, 401, "invalid-grant")
    assert (await elsewhere.get("/threads")).status_code == 200


async def test_a_revoked_session_is_out_at_once_also_on_its_open_socket(member: Client) -> None:
    async with member.connect() as socket:
        assert (await socket.ping())["type"] == "pong"
        revoked = await member.post("/auth/revoke", {"token": member.refresh_token}, anonymous=True)
        refused = await member.get("/threads")
        end = await socket.closed()

    assert (revoked.status_code, revoked.json()) == (200, {})
    problem(refused, 401, "invalid-token")
    assert end.code == 4401


async def test_an_access_token_counts_until_its_expiry_and_not_after_it(client: Client) -> None:
    name, password = await client.new_user()
    brief = await Client.login(client.target, client.http, name, password, expires_in=2)
    async with brief.connect() as socket:
        in_time = await brief.get("/threads")
        end = await socket.closed()
    too_late = await brief.get("/threads")

    assert in_time.status_code == 200
    assert end.code == 4401
    assert problem(too_late, 401, "invalid-token")["instance"] == "/threads"


async def test_a_forged_token_is_refused_however_it_was_forged(member: Client) -> None:
    token = member.access_token
    forged = {
        "unsigned": unsigned(token),
        "signed with the public key": signed_with_public_key(token, await signing_key(member, token)),
        "signed with another key": signed_with_own_key(token),
        "another role under the old signature": tampered(token, role="admin"),
    }

    answers = {how: await member.get("/threads", token=false) for how, false in forged.items()}

    assert (await member.get("/threads", token=token)).status_code == 200
    assert {how: answer.status_code for how, answer in answers.items()} == dict.fromkeys(forged, 401)
    for answer in answers.values():
        problem(answer, 401, "invalid-token")
        assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'


async def test_a_role_that_was_taken_away_counts_at_once_whatever_the_token_says(
    client: Client, member: Client
) -> None:
    thread = await member.create_thread()

    demoted = await client.patch(f"/users/{member.user['id']}", {"role": "viewer"})

    assert (demoted.status_code, demoted.json()["role"]) == (200, "viewer")
    problem(await member.post("/threads", {"title": "one more"}), 403, "forbidden")
    assert (await member.get(f"/threads/{thread['id']}")).json() == thread


async def test_the_socket_opens_for_the_web_app_and_for_no_other_origin(member: Client) -> None:
    for origin in ("https://app.staging.example", "http://localhost:3000"):
        async with member.connect(origin=origin) as socket:
            assert socket.welcome["user"] == member.user["id"]

    for origin in ("https://app.staging.example.evil.test", "http://app.staging.example", "null"):
        assert (await refused_handshake(member, origin=origin)).status_code == 403, origin


async def test_the_security_headers_are_on_every_answer(member: Client) -> None:
    answers = {
        200: await member.get("/threads"),
        401: await member.get("/users/me", anonymous=True),
        404: await member.get("/no/such/path"),
        405: await member.delete("/auth/login"),
        422: await member.post("/threads", {"title": ""}),
    }
    async with member.connect() as socket:
        upgrade = socket.raw.response

    assert [(status, answer.status_code) for status, answer in answers.items()] == [(n, n) for n in answers]
    for answer in answers.values():
        assert {name: answer.headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS, answer.url
    assert upgrade is not None
    assert {name: upgrade.headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS
