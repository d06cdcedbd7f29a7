"""P4, resource limits and many at once: how much the platform takes, what it says beyond, and that the rest goes on.

Covers the promises about sizes (of fields, bodies, frames, pages), rates (of requests, runs, socket
messages), quotas (threads, connections) and what of them is used, and about thirty writers and ten
watchers of one thread. No test here asserts a speed.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from suites.client import Client
from suites.conftest import NewUser
from suites.expect import problem
from suites.priority.steps import settles

BODY_BYTES = 256 * 1024
FRAME_BYTES = 65536


# Sizes -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "most", "more", "pointer"),
    [
        ("/threads", {"title": "t" * 200}, {"title": "t" * 201}, "/title"),
        (
            "/threads",
            {"title": "t", "metadata": {f"key {i}": "v" for i in range(16)}},
            {"title": "t", "metadata": {f"key {i}": "v" for i in range(17)}},
            "/metadata",
        ),
        ("/threads/{thread}/messages", {"content": "c" * 16000}, {"content": "c" * 16001}, "/content"),
        (
            "/threads/{thread}/runs",
            {"agent": "echo", "input": "i" * 16000},
            {"agent": "echo", "input": "i" * 16001},
            "/input",
        ),
    ],
    ids=["a-title-of-200", "metadata-of-16-pairs", "a-message-of-16000", "an-input-of-16000"],
)
async def test_the_most_is_taken_and_one_more_is_refused_by_its_name(
    member: Client, path: str, most: dict[str, Any], more: dict[str, Any], pointer: str
) -> None:
    path = path.format(thread=(await member.create_thread())["id"])

    refused = problem(await member.post(path, more), 422, "invalid")
    taken = await member.post(path, most)

    assert [error["pointer"] for error in refused["errors"]] == [pointer]
    assert taken.status_code in (201, 202)
    assert {name: taken.json()[name] for name in most} == most


async def test_a_body_of_256_kib_is_read_and_one_byte_more_is_not(member: Client) -> None:
    body = b'{"title": "as long as may be"}'
    json = {"content-type": "application/json"}

    read = await member.post("/threads", content=body.ljust(BODY_BYTES), headers=json)
    unread = await member.post("/threads", content=body.ljust(BODY_BYTES + 1), headers=json)

    assert (read.status_code, read.json()["title"]) == (201, "as long as may be")
    assert problem(unread, 413, "too-large")["instance"] == "/threads"
    assert [thread["id"] for thread in await member.everything("/threads")] == [read.json()["id"]]


async def test_a_frame_of_64_kib_is_answered_and_one_byte_more_closes_the_socket(member: Client) -> None:
    ping = '{"type": "ping", "id": "long"}'
    async with member.connect() as socket:
        await socket.raw.send(ping.ljust(FRAME_BYTES))
        answer = await socket.receive()
        await socket.raw.send(ping.ljust(FRAME_BYTES + 1))
        with pytest.raises(ConnectionClosed):
            await socket.receive()

    assert answer == {"type": "pong", "id": "long"}
    assert socket.raw.close_code == 1009


async def test_a_page_holds_what_was_asked_for_up_to_a_hundred(member: Client) -> None:
    thread = (await member.create_thread())["id"]
    sent = await asyncio.gather(*(member.send_message(thread, f"message {i}") for i in range(25)))
    path = f"/threads/{thread}/messages"

    pages = [await member.call("GET", path, params=limit) for limit in ({}, {"limit": 7}, {"limit": 100})]

    assert [len(page["items"]) for page in pages] == [20, 7, len(sent)]
    assert [page["has_more"] for page in pages] == [True, True, False]
    for limit in (0, 101):
        assert problem(await member.get(path, params={"limit": limit}), 422, "invalid")["errors"]


# Rates -------------------------------------------------------------------------------------------


async def test_every_answer_tells_how_many_requests_are_left(new_user: NewUser) -> None:
    user = await new_user(requests_per_minute=4)

    answers = [await user.get("/threads") for _ in range(5)]

    assert [answer.headers["ratelimit-remaining"] for answer in answers] == ["3", "2", "1", "0", "0"]
    assert {answer.headers["ratelimit-limit"] for answer in answers} == {"4"}
    resets = [int(answer.headers["ratelimit-reset"]) for answer in answers[:4]]
    assert resets == sorted(set(resets))
    assert 45 < resets[3] <= 60


async def test_runs_have_a_limit_of_their_own(new_user: NewUser) -> None:
    user = await new_user(runs_per_minute=2)
    thread = (await user.create_thread())["id"]
    done = [(await user.complete(thread, "echo", text))["status"] for text in ("one", "two")]

    third = await user.post(f"/threads/{thread}/runs", {"agent": "echo", "input": "three"})

    assert done == ["completed", "completed"]
    problem(third, 429, "run-limit")
    assert int(third.headers["retry-after"]) >= 1
    assert (await user.post(f"/threads/{thread}/messages", {"content": "three"})).status_code == 201


async def test_two_hundred_messages_at_once_are_answered_and_a_flood_closes_the_socket(member: Client) -> None:
    async with member.connect(max_queue=None) as socket:
        for i in range(200):
            await socket.send({"type": "ping", "id": f"{i}"})
        answers = [await socket.receive() for _ in range(200)]

    async with member.connect(max_queue=None) as flooded:
        await asyncio.gather(*(flooded.send({"type": "ping", "id": f"{i}"}) for i in range(401)))
        with pytest.raises(ConnectionClosed):
            for _ in range(401):
                await flooded.receive()

    assert answers == [{"type": "pong", "id": f"{i}"} for i in range(200)]
    assert (flooded.raw.close_code, flooded.raw.close_reason) == (1008, "message rate")


# Quotas ------------------------------------------------------------------------------------------


async def test_a_user_has_as_many_threads_as_the_quota_says_and_not_one_more(new_user: NewUser) -> None:
    user, other = await new_user(threads=2), await new_user(threads=2)
    first, _ = [await user.create_thread() for _ in range(2)]

    problem(await user.post("/threads", {"title": "the third"}), 409, "quota-exceeded")
    assert (await other.post("/threads", {"title": "the first"})).status_code == 201
    await user.delete(f"/threads/{first['id']}")
    assert (await user.post("/threads", {"title": "the second"})).status_code == 201
    assert len(await user.everything("/threads")) == 2


async def test_a_user_has_as_many_connections_as_the_limit_says(new_user: NewUser) -> None:
    user = await new_user(connections=2)

    async def used() -> int:
        connections: int = (await user.call("GET", "/quotas"))["used"]["connections"]
        return connections

    async with user.connect() as first:
        async with user.connect() as second, user.connect(welcome=False) as third:
            with pytest.raises(ConnectionClosed):
                await third.receive()
            assert [(await socket.ping())["type"] for socket in (first, second)] == ["pong", "pong"]
        assert (third.raw.close_code, third.raw.close_reason) == (1013, "connection limit")
        assert await settles(used, 1, within=user.target.timeout) == 1
        async with user.connect() as again:
            assert again.welcome["user"] == user.user["id"]


async def test_the_quotas_tell_what_is_used_of_each(new_user: NewUser) -> None:
    limits = {"requests_per_minute": 500, "runs_per_minute": 9, "threads": 5, "connections": 3}
    user = await new_user(**limits)
    before = await user.call("GET", "/quotas")
    thread, _ = [(await user.create_thread())["id"] for _ in range(2)]
    await user.complete(thread, "echo", "hello")

    async with user.connect():
        assert before == {"limits": limits, "used": {"threads": 0, "runs_last_minute": 0, "connections": 0}}
        assert await user.call("GET", "/quotas") == {
            "limits": limits,
            "used": {"threads": 2, "runs_last_minute": 1, "connections": 1},
        }


# Many at once ------------------------------------------------------------------------------------


async def test_thirty_messages_at_once_are_numbered_without_gap(member: Client) -> None:
    thread = (await member.create_thread())["id"]

    sent = await asyncio.gather(*(member.send_message(thread, f"message {i}") for i in range(30)))
    kept = await member.messages(thread)

    assert sorted(message["sequence"] for message in sent) == list(range(1, 31))
    assert kept == sorted(sent, key=lambda message: message["sequence"])
    assert (await member.thread(thread))["message_count"] == 30


async def test_ten_watchers_each_get_all_of_a_long_answer(member: Client) -> None:
    thread = (await member.create_thread())["id"]
    words = " ".join(f"word{i}" for i in range(120))
    async with AsyncExitStack() as stack:
        watchers = [await stack.enter_async_context(member.connect(thread=thread, after=0)) for _ in range(10)]
        run = await member.start_run(thread, "writer", words)
        heard = await asyncio.gather(*(socket.events_of(run["id"]) for socket in watchers))

    pieces = [[event["data"]["text"] for event in events if event["type"] == "partial_result"] for events in heard]

    assert ["".join(told) for told in pieces] == [f"Draft: {words}."] * 10
    assert {len(told) for told in pieces} == {121}
    assert heard == [heard[0]] * 10
