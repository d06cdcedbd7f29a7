"""Concurrency: many at once get what each would have got alone, and of those who race for one thing one wins."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Sequence
from contextlib import AsyncExitStack
from typing import Any, TypeVar

import httpx
from websockets.exceptions import ConnectionClosed

from suites.client import Client
from suites.conftest import NewUser
from suites.expect import LAST, gapless

Answer = TypeVar("Answer")


async def at_once(*calls: Awaitable[Answer]) -> list[Answer]:
    return list(await asyncio.gather(*calls))


def outcomes(responses: Sequence[httpx.Response]) -> Counter[tuple[int, str]]:
    """How many responses there are of each status and, if it is a problem, slug."""
    return Counter(
        (response.status_code, "" if response.is_success else response.json()["type"].rpartition("/")[2])
        for response in responses
    )


async def new_users(new_user: NewUser, many: int) -> list[Client]:
    return await at_once(*(new_user() for _ in range(many)))


# Many at once --------------------------------------------------------------------------------------------------------


async def test_twelve_users_at_once_each_hear_their_own_run_and_no_other(new_user: NewUser) -> None:
    users = await new_users(new_user, 12)

    async def work(user: Client, number: int) -> tuple[str, str, bool]:
        thread = await user.create_thread(f"thread of {number}")
        async with user.connect() as socket:
            run = await socket.start_run(thread["id"], "writer", f"chapter {number}")
            events = await socket.events_of(run["id"])
        gapless(events)
        return socket.welcome["user"], events[-1]["data"]["text"], events == await user.events(run["id"])

    done = await at_once(*(work(user, number) for number, user in enumerate(users)))

    assert done == [(user.user["id"], f"Draft: chapter {number}.", True) for number, user in enumerate(users)]


async def test_twelve_listeners_on_both_gateways_hear_one_run_alike(member: Client) -> None:
    thread = await member.create_thread()
    async with AsyncExitStack() as stack:
        listeners = [await stack.enter_async_context(member.connect(thread=thread["id"], after=0)) for _ in range(12)]
        run = await member.start_run(thread["id"], "researcher", "canary rollback")
        heard = await at_once(*(listener.events_of(run["id"]) for listener in listeners))

    assert {listener.welcome["instance"] for listener in listeners} == {"gateway-1", "gateway-2"}
    assert heard == [await member.events(run["id"])] * 12


async def test_one_socket_hears_ten_running_threads_each_in_its_order(member: Client) -> None:
    threads = await at_once(*(member.create_thread() for _ in range(10)))
    async with member.connect() as socket:
        runs = [await socket.start_run(thread["id"], "slow", "5") for thread in threads]
        open_runs, heard = {run["id"] for run in runs}, {run["id"]: [] for run in runs}
        while open_runs:
            event = await socket.next_event()
            heard[event["run_id"]].append(event)
            if event["type"] in LAST:
                open_runs.remove(event["run_id"])

    assert heard == {run["id"]: await member.events(run["id"]) for run in runs}
    assert [[event["type"] for event in heard[run["id"]]].count("partial_result") for run in runs] == [5] * 10


async def test_messages_sent_at_once_by_both_doors_are_numbered_once_and_heard_in_order(
    member: Client,
) -> None:
    thread = await member.create_thread()
    said = [f"by {door} {number}" for number in range(10) for door in ("rest", "socket")]
    async with member.connect() as socket, member.connect() as listener:
        await listener.subscribe(thread["id"])
        await at_once(
            *(member.send_message(thread["id"], content) for content in said[::2]),
            *(socket.send({"type": "message", "id": c, "thread": thread["id"], "content": c}) for c in said[1::2]),
        )
        heard = [(await listener.until(lambda frame: frame["type"] == "message_created"))["message"] for _ in said]

    assert [message["sequence"] for message in heard] == list(range(1, len(said) + 1))
    assert sorted(message["content"] for message in heard) == sorted(said)
    assert await member.messages(thread["id"]) == heard


# Races ---------------------------------------------------------------------------------------------------------------


async def test_of_twenty_runs_started_at_once_on_a_thread_one_begins(member: Client) -> None:
    thread = await member.create_thread()

    started = await at_once(
        *(member.post(f"/threads/{thread['id']}/runs", {"agent": "slow", "input": "2000"}) for _ in range(20))
    )

    assert outcomes(started) == {(202, ""): 1, (409, "run-in-progress"): 19}
    [run] = await member.everything(f"/threads/{thread['id']}/runs")
    assert (await member.thread(thread["id"]))["active_run"] == run["id"]
    await member.cancel_run(run["id"])


async def test_thirty_messages_posted_at_once_are_numbered_one_to_thirty(member: Client) -> None:
    thread = await member.create_thread()

    posted = await at_once(*(member.send_message(thread["id"], f"number {n}") for n in range(30)))

    assert sorted(message["sequence"] for message in posted) == list(range(1, 31))
    assert await member.messages(thread["id"]) == sorted(posted, key=lambda message: message["sequence"])
    assert (await member.thread(thread["id"]))["message_count"] == 30


async def test_of_ten_changes_to_one_version_one_is_made(member: Client) -> None:
    thread = await member.create_thread("as it was")
    path, seen = f"/threads/{thread['id']}", {"if-match": f'"v{thread["version"]}"'}

    changed = await at_once(*(member.patch(path, {"title": f"change {n}"}, headers=seen) for n in range(10)))

    assert outcomes(changed) == {(200, ""): 1, (412, "precondition-failed"): 9}
    [winner] = [response.json() for response in changed if response.is_success]
    assert winner["version"] == thread["version"] + 1
    assert await member.thread(thread["id"]) == winner


async def test_one_idempotency_key_used_ten_times_at_once_makes_one_thread(member: Client) -> None:
    key = {"idempotency-key": "one-of-ten"}

    made = await at_once(*(member.post("/threads", {"title": "only one"}, headers=key) for _ in range(10)))

    assert outcomes(made) == {(201, ""): 10}
    assert [response.headers.get("idempotency-replayed") for response in made].count("true") == 9
    [thread] = await member.everything("/threads", owner="me")
    assert [response.json() for response in made] == [thread] * 10


async def test_of_ten_users_made_at_once_with_one_name_one_is_made(client: Client, member: Client) -> None:
    name = f"twin-{member.user['id'].removeprefix('usr_')}"
    wanted = {"name": name, "password": "a password of some length"}

    made = await at_once(*(client.post("/users", wanted) for _ in range(10)))

    assert outcomes(made) == {(201, ""): 1, (409, "name-taken"): 9}
    [twin] = [response.json() for response in made if response.is_success]
    assert (await client.call("GET", f"/users/{twin['id']}"))["name"] == name
    assert (await client.delete(f"/users/{twin['id']}")).status_code == 204


async def test_of_ten_deletions_of_a_thread_one_is_done(member: Client) -> None:
    thread = await member.create_thread()
    await member.send_message(thread["id"], "going")

    deleted = await at_once(*(member.delete(f"/threads/{thread['id']}") for _ in range(10)))

    assert outcomes(deleted) == {(204, ""): 1, (404, "not-found"): 9}


async def test_a_run_cancelled_ten_times_at_once_ends_once(member: Client) -> None:
    thread = await member.create_thread()
    run = await member.start_run(thread["id"], "slow", "2000")

    cancelled = outcomes(await at_once(*(member.post(f"/runs/{run['id']}/cancel") for _ in range(10))))

    assert cancelled[202, ""] >= 1
    assert cancelled[202, ""] + cancelled[409, "already-finished"] == 10
    assert (await member.finished(run["id"]))["status"] == "cancelled"
    events = await member.events(run["id"])
    assert [(event["type"], event["data"]["code"]) for event in events if event["type"] in LAST] == [
        ("agent_failed", "cancelled")
    ]
    assert events[-1]["type"] == "agent_failed"


async def test_a_cancellation_that_meets_the_end_leaves_one_end_and_a_status_that_fits_it(member: Client) -> None:
    threads = await at_once(*(member.create_thread() for _ in range(12)))

    async def race(thread: dict[str, Any], ticks: int) -> tuple[str, list[str]]:
        run = await member.start_run(thread["id"], "slow", str(ticks))
        await member.post(f"/runs/{run['id']}/cancel")
        status = (await member.finished(run["id"]))["status"]
        return status, [event["type"] for event in await member.events(run["id"]) if event["type"] in LAST]

    ended = await at_once(*(race(thread, ticks) for ticks, thread in zip(range(1, 49, 4), threads, strict=True)))

    ends = {"completed": ["agent_completed"], "cancelled": ["agent_failed"]}
    assert [ends.get(status) for status, _ in ended] == [last for _, last in ended]
    assert "cancelled" in dict(ended)
    assert [(await member.thread(thread["id"]))["active_run"] for thread in threads] == [None] * len(threads)


async def test_of_eight_refreshes_with_one_token_one_is_granted_and_the_session_is_over(member: Client) -> None:
    body = {"refresh_token": member.refresh_token}
    assert (await member.get("/users/me")).status_code == 200

    refreshed = await at_once(*(member.post("/auth/refresh", body, anonymous=True) for _ in range(8)))

    assert outcomes(refreshed) == {(200, ""): 1, (401, "invalid-grant"): 7}
    [granted] = [response.json() for response in refreshed if response.is_success]
    assert (await member.get("/users/me", token=granted["access_token"])).status_code == 401


# Limits under load ---------------------------------------------------------------------------------------------------


async def test_a_quota_of_threads_holds_when_they_are_made_at_once(new_user: NewUser) -> None:
    user = await new_user(threads=5)

    made = await at_once(*(user.post("/threads", {"title": f"thread {n}"}) for n in range(12)))

    assert outcomes(made) == {(201, ""): 5, (409, "quota-exceeded"): 7}
    assert len(await user.everything("/threads")) == 5
    assert (await user.call("GET", "/quotas"))["used"]["threads"] == 5


async def test_a_limit_of_runs_holds_when_they_are_started_at_once(new_user: NewUser) -> None:
    user = await new_user(runs_per_minute=5)
    threads = await at_once(*(user.create_thread() for _ in range(12)))

    started = await at_once(
        *(user.post(f"/threads/{thread['id']}/runs", {"agent": "echo", "input": "me too"}) for thread in threads)
    )

    assert outcomes(started) == {(202, ""): 5, (429, "run-limit"): 7}
    assert [len(await user.everything(f"/threads/{thread['id']}/runs")) for thread in threads].count(1) == 5


async def test_a_limit_of_connections_holds_over_both_gateways_when_they_are_opened_at_once(new_user: NewUser) -> None:
    user = await new_user(connections=3)
    async with AsyncExitStack() as stack:
        sockets = await at_once(*(stack.enter_async_context(user.connect(welcome=False)) for _ in range(10)))

        async def first_word(number: int) -> str:
            try:
                return (await sockets[number].receive())["type"]
            except ConnectionClosed as end:
                return f"{end.rcvd.code} {end.rcvd.reason}" if end.rcvd else "1006"

        said = Counter(await at_once(*map(first_word, range(10))))

    assert said == {"welcome": 3, "1013 connection limit": 7}
