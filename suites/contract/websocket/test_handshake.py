"""The WebSocket handshake: which credentials, subprotocols, origins, paths and threads are let in, what a client is
told first, and that a refusal is an HTTP 403 without a word.

Each refusal is shown beside the handshake that differs from it by one thing and is let in.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus
from websockets.http11 import Response

from suites.client import Client
from suites.expect import problem

GATEWAYS = {"gateway-1", "gateway-2"}


async def refusal(client: Client, **options: Any) -> Response:
    """The answer to a handshake that must not be let in."""
    with pytest.raises(InvalidStatus) as refused:
        async with client.connect(**options):
            pass
    return refused.value.response


async def assert_let_in(client: Client, **options: Any) -> None:
    async with client.connect(**options) as socket:
        assert socket.welcome["user"] == client.user["id"]
        assert (await socket.ping())["type"] == "pong"


def assert_wordless(response: Response) -> None:
    assert (response.status_code, bytes(response.body or b"")) == (403, b"")


async def test_the_first_frame_says_who_one_is_and_what_the_limits_are(member: Client) -> None:
    revision = (await member.call("GET", "/version"))["revision"]

    async with member.connect() as socket:
        welcome = socket.welcome

    assert re.fullmatch("con_[a-z0-9]{20}", welcome.pop("connection"))
    assert welcome.pop("instance") in GATEWAYS
    assert welcome == {
        "type": "welcome",
        "user": member.user["id"],
        "protocol": "agents.v1",
        "heartbeat": 20,
        "limits": {"message_bytes": 65536, "messages_per_second": 200},
        "revision": revision,
    }


async def test_the_response_of_the_handshake_is_traced_like_any_other(member: Client) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    sent = {"x-request-id": "handshake-7", "traceparent": f"00-{trace}-00f067aa0ba902b7-01"}

    async with member.connect(headers=sent) as socket:
        headers = socket.raw.response.headers

    assert headers["x-request-id"] == "handshake-7"
    assert headers["traceparent"].split("-")[1] == trace
    assert headers["traceparent"] != sent["traceparent"]
    assert (headers["x-instance"], headers["x-revision"]) == (socket.welcome["instance"], socket.welcome["revision"])
    assert headers["via"] == "1.1 staging-edge"


async def test_connections_are_spread_over_both_gateways(member: Client) -> None:
    seen: set[str] = set()
    for _ in range(50):
        async with member.connect() as socket:
            seen.add(socket.welcome["instance"])
        if len(seen) == 2:
            break
    assert seen == GATEWAYS


async def test_a_token_offered_as_a_subprotocol_is_taken_and_never_repeated(member: Client) -> None:
    async with member.connect(transport="subprotocol") as socket:
        response = socket.raw.response
        assert socket.welcome["user"] == member.user["id"]
        assert (await socket.ping())["type"] == "pong"

    assert response.headers.get_all("sec-websocket-protocol") == ["agents.v1"]
    assert member.access_token not in str(response.headers)


async def test_subprotocols_without_the_platforms_own_are_refused(member: Client) -> None:
    async with member.connect(subprotocols=["chat.v3", "agents.v1"]) as socket:
        assert socket.raw.subprotocol == "agents.v1"
        assert socket.welcome["protocol"] == "agents.v1"

    assert_wordless(await refusal(member, subprotocols=["chat.v3"]))


@pytest.mark.parametrize("transport", ["header", "subprotocol"])
async def test_a_token_that_is_none_is_refused_without_a_word(member: Client, transport: Any) -> None:
    await assert_let_in(member, transport=transport)

    spoiled = member.access_token[:-8] + "AAAAAAAA"

    assert_wordless(await refusal(member, transport=transport, token=spoiled))


async def test_a_handshake_without_a_credential_is_refused_without_a_word(member: Client) -> None:
    await assert_let_in(member)

    response = await refusal(member, transport="none")

    assert_wordless(response)
    assert response.headers["x-instance"] in GATEWAYS


@pytest.mark.parametrize(
    ("allowed", "lookalike"),
    [
        ("https://app.staging.example", "https://app.staging.example.evil.example"),
        ("http://localhost:3000", "http://localhost:3001"),
    ],
)
async def test_the_web_apps_origin_is_let_in_and_one_that_looks_like_it_is_not(
    member: Client, allowed: str, lookalike: str
) -> None:
    await assert_let_in(member, origin=allowed)

    assert_wordless(await refusal(member, origin=lookalike))


async def test_a_path_that_is_not_the_sockets_is_refused(member: Client) -> None:
    await assert_let_in(member)

    assert_wordless(await refusal(member, path="/ws/v0"))


async def test_a_thread_that_is_not_the_users_cannot_be_named_in_the_handshake(
    member: Client, second: Client, thread: dict[str, Any]
) -> None:
    own = await member.create_thread()
    await assert_let_in(member, thread=own["id"])

    assert_wordless(await refusal(member, thread=thread["id"]))
    assert_wordless(await refusal(second, thread=own["id"]))


async def test_a_plain_get_of_the_sockets_path_finds_nothing(member: Client) -> None:
    await assert_let_in(member)

    body = problem(await member.get("/ws"), 404, "not-found")

    assert body["instance"] == "/ws"
