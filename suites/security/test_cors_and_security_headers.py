"""CORS and security headers: which web pages may call, and what every answer tells a browser.

Every answer means every one: of each service and of the edge, a success and a problem, a preflight,
and both ends that a WebSocket handshake can come to.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from suites.client import Admin, Client
from suites.expect import SECURITY_HEADERS, problem
from suites.security.tokens import handshake

APP, LOCAL = "https://app.staging.example", "http://localhost:3000"
EVIL = "https://evil.example"

EXPOSED = (
    "etag, idempotency-replayed, link, location, ratelimit-limit, ratelimit-remaining, ratelimit-reset, "
    "retry-after, x-request-id"
)
ALLOWED_HEADERS = (
    "authorization, content-type, idempotency-key, if-match, if-none-match, last-event-id, traceparent, x-request-id"
)

Answer = tuple[int, Mapping[str, str]]
"""A status and headers."""


# Security headers ----------------------------------------------------------------------------------------------------


async def _backend(client: Client) -> Answer:
    return _told(await client.get("/quotas"))


async def _auth(client: Client) -> Answer:
    return _told(await client.get("/users/me"))


async def _problem(client: Client) -> Answer:
    return _told(await client.get("/threads", anonymous=True))


async def _a_preflight(client: Client) -> Answer:
    return _told(await preflight(client, APP))


async def _accepted(client: Client) -> Answer:
    async with client.connect() as socket:
        assert socket.raw.response is not None
        return socket.raw.response.status_code, socket.raw.response.headers


async def _refused(client: Client) -> Answer:
    with pytest.raises(InvalidStatus) as refused:
        async with client.connect(transport="none"):
            pass
    return refused.value.response.status_code, refused.value.response.headers


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        pytest.param(_backend, 200, id="the backend's answer"),
        pytest.param(_auth, 200, id="the auth service's answer"),
        pytest.param(_problem, 401, id="a problem"),
        pytest.param(_a_preflight, 204, id="a preflight's answer"),
        pytest.param(_accepted, 101, id="an accepted handshake"),
        pytest.param(_refused, 403, id="a refused handshake"),
    ],
)
async def test_the_security_headers_are_on(
    answer: Callable[[Client], Awaitable[Answer]], status: int, client: Client
) -> None:
    got, headers = await answer(client)

    assert got == status
    assert {name: headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS


async def test_the_security_headers_are_on_what_the_edge_answers_itself(admin: Admin) -> None:
    refused = await admin.call("GET", key="not the key")

    assert (refused.status_code, refused.headers["server"]) == (403, "staging-edge")
    assert {name: refused.headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS


async def test_nothing_is_stored_by_caches_but_what_is_meant_to_be(client: Client, thread: dict[str, str]) -> None:
    async def cached(path: str) -> str:
        return (await client.get(path)).headers["cache-control"]

    assert [await cached(path) for path in ("/users/me", "/quotas", "/threads", "/nowhere")] == ["no-store"] * 4
    assert await cached(f"/threads/{thread['id']}") == "private, no-cache"
    assert await cached("/.well-known/jwks.json") == "public, max-age=60"


# Preflights ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("origin", "path"), [(APP, "/threads"), (LOCAL, "/threads"), (APP, "/auth/login")])
async def test_a_preflight_of_an_allowed_origin_is_told_all_that_it_may_send(
    origin: str, path: str, client: Client
) -> None:
    answer = await preflight(client, origin, path)

    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == origin
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert answer.headers["access-control-allow-methods"] == "GET, POST, PATCH, PUT, DELETE"
    assert answer.headers["access-control-allow-headers"] == ALLOWED_HEADERS
    assert answer.headers["access-control-max-age"] == "600"


@pytest.mark.parametrize(
    "origin",
    [
        pytest.param(f"{APP}.evil.example", id="that begins like an allowed one"),
        pytest.param("http://app.staging.example", id="of another scheme"),
        pytest.param(f"{APP}:8443", id="of another port"),
        pytest.param("null", id="null"),
    ],
)
async def test_a_preflight_is_refused_to_an_origin(origin: str, client: Client) -> None:
    assert (await preflight(client, APP)).status_code == 204

    refused = await preflight(client, origin)

    problem(refused, 403, "origin-not-allowed")
    assert cors(refused) == {}


# Calls of web pages --------------------------------------------------------------------------------------------------


async def test_an_allowed_page_is_named_and_may_read_the_headers_that_it_needs(client: Client) -> None:
    for origin in (APP, LOCAL):
        answer = await client.get("/threads", headers={"origin": origin})

        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == origin
        assert answer.headers["access-control-expose-headers"] == EXPOSED


async def test_an_allowed_page_may_read_a_problem_too(client: Client) -> None:
    for path, options in (("/threads", {"anonymous": True}), ("/users/me", {"token": "none of ours"})):
        refused = await client.get(path, headers={"origin": APP}, **options)

        assert refused.status_code == 401
        assert refused.headers["access-control-allow-origin"] == APP
        assert refused.headers["access-control-expose-headers"] == EXPOSED


async def test_a_foreign_page_and_who_is_no_page_are_answered_without_a_word_of_cors(client: Client) -> None:
    assert cors(await client.get("/quotas", headers={"origin": APP})) != {}

    for headers in ({"origin": EVIL}, {}):
        for path in ("/quotas", "/users/me"):
            answer = await client.get(path, headers=headers)
            assert (answer.status_code, cors(answer)) == (200, {})


async def test_caches_are_always_told_that_the_origin_matters(client: Client) -> None:
    answers = [
        await client.get("/quotas"),
        await client.get("/users/me", headers={"origin": APP}),
        await client.get("/quotas", headers={"origin": EVIL}),
        await client.get("/nowhere"),
        await preflight(client, APP),
        await preflight(client, EVIL),
    ]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 404, 204, 403]
    assert [answer.headers.get("vary") for answer in answers] == ["Origin"] * 6


async def test_a_socket_is_opened_for_the_allowed_pages_and_for_no_page_and_for_no_other(client: Client) -> None:
    assert [await handshake(client, origin=origin) for origin in (None, APP, LOCAL)] == [101] * 3
    assert [await handshake(client, origin=origin) for origin in (EVIL, f"{APP}.evil.example", "null")] == [403] * 3


async def preflight(client: Client, origin: str, path: str = "/threads") -> httpx.Response:
    """What a browser asks before a page of ``origin`` may send a call that is no simple one."""
    asked = {"access-control-request-method": "PATCH", "access-control-request-headers": "authorization, if-match"}
    return await client.request("OPTIONS", path, anonymous=True, headers={"origin": origin, **asked})


def cors(answer: httpx.Response) -> dict[str, str]:
    """The headers by which an answer speaks to web pages of other origins."""
    return {name: value for name, value in answer.headers.items() if name.startswith("access-control-")}


def _told(response: httpx.Response) -> Answer:
    return response.status_code, response.headers
