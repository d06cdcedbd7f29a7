"""Login: what it grants, what a token says and proves, and who gets none.

Covers ``POST /auth/login``, the claims of an access token, the published keys and configuration
that a stranger verifies it by, and the service-to-service credential.
"""

from __future__ import annotations

import base64
from urllib.parse import urlsplit

import jwt

from suites.client import Client
from suites.expect import problem
from suites.security.tokens import OPEN, claims, doors, header

ISSUER = "https://auth.staging.example"
CLAIMS = {"iss", "aud", "sub", "tenant", "role", "scope", "typ", "iat", "nbf", "exp", "jti", "sid"}
MEMBER_SCOPE = "threads:read threads:write runs:write"


async def test_a_login_grants_a_pair_of_tokens_for_fifteen_minutes_and_says_for_whom(member: Client) -> None:
    granted = member.granted

    assert set(granted) == {"access_token", "refresh_token", "token_type", "expires_in", "scope", "user"}
    assert (granted["token_type"], granted["expires_in"], granted["scope"]) == ("Bearer", 900, MEMBER_SCOPE)
    assert granted["refresh_token"].startswith("rt_")
    assert granted["user"] == await member.call("GET", "/users/me")
    assert await doors(member) == OPEN


async def test_an_access_token_carries_the_documented_header_and_claims_and_nothing_else(member: Client) -> None:
    said, head = claims(member.access_token), header(member.access_token)

    assert (set(head), head["alg"], head["typ"]) == ({"alg", "kid", "typ"}, "ES256", "at+jwt")
    assert set(said) == CLAIMS
    assert (said["iss"], said["aud"], said["typ"]) == (ISSUER, "staging-api", "access")
    assert (said["sub"], said["tenant"], said["role"]) == (member.user["id"], member.user["tenant"], "member")
    assert said["scope"] == MEMBER_SCOPE
    assert (said["exp"] - said["iat"], said["nbf"]) == (900, said["iat"])


async def test_every_login_is_a_session_of_its_own(client: Client) -> None:
    name, password = await client.new_user()
    first, other = [await Client.login(client.target, client.http, name, password) for _ in range(2)]
    sids = [claims(user.access_token)["sid"] for user in (first, other)]

    sessions = {s["id"]: s["current"] for s in (await other.call("GET", "/auth/sessions"))["items"]}

    assert sessions == {sids[0]: False, sids[1]: True}
    assert claims(first.access_token)["jti"] != claims(other.access_token)["jti"]


async def test_an_access_token_verifies_against_the_first_of_the_published_keys(member: Client) -> None:
    key = (await member.call("GET", "/.well-known/jwks.json", anonymous=True))["keys"][0]

    assert header(member.access_token)["kid"] == key["kid"]
    said = jwt.decode(member.access_token, jwt.PyJWK(key), algorithms=["ES256"], audience="staging-api", issuer=ISSUER)
    me = await member.call("GET", "/users/me")
    assert (said["sub"], said["tenant"]) == (me["id"], me["tenant"])


async def test_the_published_keys_are_two_public_ones_that_may_be_cached_for_a_minute(client: Client) -> None:
    published = await client.get("/.well-known/jwks.json", anonymous=True)
    keys = published.json()["keys"]
    known = await client.get(
        "/.well-known/jwks.json", anonymous=True, headers={"if-none-match": published.headers["etag"]}
    )

    assert [(key["kty"], key["crv"], len(_decoded(key["x"])), len(_decoded(key["y"]))) for key in keys] == [
        ("EC", "P-256", 32, 32)
    ] * 2
    assert len({key["kid"] for key in keys}) == 2
    assert not any("d" in key for key in keys)
    assert published.headers["cache-control"] == "public, max-age=60"
    assert (known.status_code, known.content) == (304, b"")


async def test_the_configuration_names_the_issuer_of_the_tokens_and_where_their_keys_are(client: Client) -> None:
    found = await client.call("GET", "/.well-known/openid-configuration", anonymous=True)
    paths = {name: urlsplit(found[name]).path for name in ("jwks_uri", "token_endpoint", "revocation_endpoint")}

    assert found["issuer"] == claims(client.access_token)["iss"] == ISSUER
    assert found["id_token_signing_alg_values_supported"] == ["ES256"]
    assert paths["revocation_endpoint"] == "/auth/revoke"
    assert paths["token_endpoint"].startswith("/auth/")
    keys = await client.call("GET", paths["jwks_uri"], anonymous=True)
    assert header(client.access_token)["kid"] in {key["kid"] for key in keys["keys"]}


async def test_a_token_may_be_asked_to_live_one_to_nine_hundred_seconds(client: Client) -> None:
    name, password = await client.new_user()

    for seconds in (1, 900):
        user = await Client.login(client.target, client.http, name, password, expires_in=seconds)
        said = claims(user.access_token)
        assert (user.granted["expires_in"], said["exp"] - said["iat"]) == (seconds, seconds)
    for seconds in (0, 901):
        body = {"user": name, "password": password, "expires_in": seconds}
        refused = problem(await client.post("/auth/login", body, anonymous=True), 422, "invalid")
        assert [error["pointer"] for error in refused["errors"]] == ["/expires_in"]


async def test_wrong_password_unknown_user_and_disabled_user_are_told_in_the_same_words(client: Client) -> None:
    name, password = await client.new_user()
    user = await Client.login(client.target, client.http, name, password)
    wrong = await client.post("/auth/login", {"user": name, "password": password[::-1]}, anonymous=True)
    unknown = await client.post("/auth/login", {"user": f"no-{name}", "password": password}, anonymous=True)
    await client.call("PATCH", f"/users/{user.user['id']}", {"disabled": True})
    disabled = await client.post("/auth/login", {"user": name, "password": password}, anonymous=True)

    told = [problem(answer, 401, "invalid-credentials") for answer in (wrong, unknown, disabled)]

    assert [body | {"request_id": ""} for body in told] == [told[0] | {"request_id": ""}] * 3


async def test_a_users_own_credentials_are_no_service_credential(client: Client) -> None:
    name, password = await client.new_user("admin")
    assert (await Client.login(client.target, client.http, name, password)).user["name"] == name

    basic = {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}
    refused = await client.post("/auth/service-token", {"grant_type": "client_credentials"}, headers=basic)

    problem(refused, 401, "invalid-client")


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "==")
