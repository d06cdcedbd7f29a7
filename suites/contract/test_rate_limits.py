"""Rate limits and quotas: each user has their own, is told where they stand, and is stopped exactly there.

The users of these tests have small limits. Sixty a minute is one a second, so that a limit of six
lets nobody regain a request while a test runs.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.frames import Close

from suites.client import Client, Environment
from suites.conftest import NewUser
from suites.expect import problem


async def exhaust(user: Client, requests: int) -> None:
    """Use up what the user may ask for in a minute."""
    statuses = [(await user.get("/threads")).status_code for _ in range(requests)]
    assert statuses == [200] * requests


# Requests a minute ----------------------------------------------------------------------------------------------------


async def test_each_answer_tells_how_much_is_left(new_user: NewUser) -> None:
    user = await new_user(requests_per_minute=6)

    answers = [await user.get(path) for path in ("/threads", "/agents", "/tenant")]

    assert [answer.headers["ratelimit-limit"] for answer in answers] == ["6", "6", "6"]
    assert [answer.headers["ratelimit-remaining"] for answer in answers] == ["5", "4", "3"]
    resets = [int(answer.headers["ratelimit-reset"]) for answer in answers]
    assert 0 < resets[0] <= 10 < resets[1] <= 20 < resets[2] <= 30


async def test_a_request_over_the_limit_is_told_when_to_come_again(new_user: NewUser) -> None:
    user = await new_user(requests_per_minute=3)
    await exhaust(user, 3)

    refused = await user.get("/threads")

    problem(refused, 429, "rate-limited")
    assert 1 <= int(refused.headers["retry-after"]) <= 20
    assert (refused.headers["ratelimit-limit"], refused.headers["ratelimit-remaining"]) == ("3", "0")


async def test_a_refused_request_does_nothing(new_user: NewUser, client: Client) -> None:
    user = await new_user(requests_per_minute=3)
    thread = await user.create_thread()
    await exhaust(user, 2)

    problem(await user.post(f"/threads/{thread['id']}/messages", {"content": "too much"}), 429, "rate-limited")
    problem(await user.delete(f"/threads/{thread['id']}"), 429, "rate-limited")

    assert (await client.get(f"/threads/{thread['id']}")).json() == thread
    assert await client.messages(thread["id"]) == []


async def test_a_users_limit_is_nobody_elses(new_user: NewUser, member: Client) -> None:
    user, neighbour = await new_user(requests_per_minute=2), await new_user(requests_per_minute=2)
    await exhaust(user, 2)
    problem(await user.get("/threads"), 429, "rate-limited")

    await exhaust(neighbour, 2)
    assert int((await member.get("/threads")).headers["ratelimit-remaining"]) > 2


async def test_what_needs_no_credential_is_not_counted(new_user: NewUser) -> None:
    user = await new_user(requests_per_minute=2)
    for path in ("/health", "/version", "/openapi.json"):
        answer = await user.get(path)
        assert (answer.status_code, "ratelimit-limit" in answer.headers) == (200, False), path

    await exhaust(user, 2)

    problem(await user.get("/threads"), 429, "rate-limited")
    assert (await user.get("/health")).json() == {"status": "ok"}


@pytest.mark.own_environment
async def test_the_limit_is_regained_evenly_as_time_goes_by(own: Environment, own_client: Client) -> None:
    login = await own_client.new_user(requests_per_minute=3)
    user = await Client.login(own.target, own_client.http, *login)
    await exhaust(user, 3)
    problem(await user.get("/threads"), 429, "rate-limited")

    await own.admin.set_clock(21)
    await exhaust(user, 1)
    problem(await user.get("/threads"), 429, "rate-limited")

    await own.admin.set_clock(21 + 62)
    await exhaust(user, 3)
    problem(await user.get("/threads"), 429, "rate-limited")


# Runs a minute --------------------------------------------------------------------------------------------------------


async def test_runs_are_counted_over_all_threads(new_user: NewUser) -> None:
    user = await new_user(runs_per_minute=2)
    first, second, third = [(await user.create_thread())["id"] for _ in range(3)]
    for thread in (first, second):
        assert (await user.complete(thread, "echo", "hello"))["status"] == "completed"

    refused = await user.post(f"/threads/{third}/runs", {"agent": "echo", "input": "once more"})

    problem(refused, 429, "run-limit")
    assert int(refused.headers["retry-after"]) >= 1
    assert await user.everything(f"/threads/{third}/runs") == []
    assert (await user.send_message(third, "reading and writing go on"))["sequence"] == 1


async def test_runs_started_over_the_socket_count_as_well(new_user: NewUser) -> None:
    user = await new_user(runs_per_minute=2)
    thread = (await user.create_thread())["id"]

    async with user.connect() as socket:
        run = await socket.start_run(thread, "echo", "over the socket")
        await socket.events_of(run["id"])
        await user.complete(thread, "echo", "over REST")
        refused = await socket.ask("start_run", thread=thread, agent="echo", input="once more")
        assert (refused["type"], refused.get("code")) == ("error", "run-limit")
        assert (await socket.ping())["type"] == "pong"

    problem(await user.post(f"/threads/{thread}/runs", {"agent": "echo", "input": "once more"}), 429, "run-limit")


# Threads --------------------------------------------------------------------------------------------------------------


async def test_a_thread_over_the_quota_is_not_made_until_one_is_deleted(new_user: NewUser) -> None:
    user = await new_user(threads=2)
    first, second = [await user.create_thread(title) for title in ("first", "second")]

    problem(await user.post("/threads", {"title": "third"}), 409, "quota-exceeded")
    assert await user.everything("/threads") == [first, second]

    assert (await user.delete(f"/threads/{first['id']}")).status_code == 204
    assert (await user.post("/threads", {"title": "third"})).status_code == 201
    problem(await user.post("/threads", {"title": "fourth"}), 409, "quota-exceeded")


async def test_a_quota_is_not_overrun_by_asking_many_times_at_once(new_user: NewUser) -> None:
    user = await new_user(threads=3)

    answers = await asyncio.gather(*(user.post("/threads", {"title": f"{n}"}) for n in range(8)))

    assert Counter(answer.status_code for answer in answers) == {201: 3, 409: 5}
    assert len(await user.everything("/threads")) == 3


async def test_a_request_that_is_sent_again_is_not_held_against_the_quota(new_user: NewUser) -> None:
    user, once = await new_user(threads=1), {"idempotency-key": "the-only-one"}
    first = await user.post("/threads", {"title": "only"}, headers=once)
    assert first.status_code == 201

    again = await user.post("/threads", {"title": "only"}, headers=once)

    assert (again.status_code, again.json()) == (201, first.json())
    problem(await user.post("/threads", {"title": "another"}), 409, "quota-exceeded")


async def test_a_raised_limit_counts_from_the_next_request_on(new_user: NewUser, client: Client) -> None:
    user = await new_user(threads=1)
    await user.create_thread()
    problem(await user.post("/threads", {"title": "second"}), 409, "quota-exceeded")

    await client.call("PATCH", f"/users/{user.user['id']}", {"limits": {"threads": 2}})

    assert (await user.post("/threads", {"title": "second"})).status_code == 201
    assert (await user.call("GET", "/quotas"))["limits"] == user.user["limits"] | {"threads": 2}


# What one is told of one's quotas -------------------------------------------------------------------------------------


async def test_a_user_is_told_their_limits_and_what_they_have_used(new_user: NewUser) -> None:
    user = await new_user(threads=7)
    quotas = await user.call("GET", "/quotas")
    assert quotas == {
        "limits": {"requests_per_minute": 6000, "runs_per_minute": 600, "threads": 7, "connections": 50},
        "used": {"threads": 0, "runs_last_minute": 0, "connections": 0},
    }

    thread, other = [(await user.create_thread())["id"] for _ in range(2)]
    for input in ("one", "two", "three"):
        await user.complete(thread, "echo", input)
    await user.delete(f"/threads/{other}")

    used: dict[str, Any] = (await user.call("GET", "/quotas"))["used"]
    assert used == {"threads": 1, "runs_last_minute": 3, "connections": 0}


async def test_open_sockets_are_counted_and_one_too_many_is_closed(new_user: NewUser) -> None:
    user = await new_user(connections=2)

    async with user.connect() as first, user.connect():
        assert (await user.call("GET", "/quotas"))["used"]["connections"] == 2
        async with user.connect(welcome=False) as third:
            with pytest.raises(ConnectionClosed) as refused:
                await third.receive()
        assert refused.value.rcvd == Close(1013, "connection limit")
        assert (await first.ping())["type"] == "pong"
        assert (await user.call("GET", "/quotas"))["used"]["connections"] == 2
