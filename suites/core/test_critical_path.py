"""Critical path: what a user does every day, from one end of the platform to the other."""

from __future__ import annotations

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from suites.client import Client, Target
from suites.conftest import NewUser
from suites.expect import gapless, problem, types


async def test_a_new_user_comes_from_a_login_to_an_agents_answer(
    client: Client, target: Target, http: httpx.AsyncClient
) -> None:
    name, password = await client.new_user()
    user = await Client.login(target, http, name, password)
    thread = await user.create_thread("my first thread")
    async with user.connect() as socket:
        assert socket.welcome["user"] == user.user["id"]
        asked = (await socket.ask("message", thread=thread["id"], content="What is 19*3?"))["message"]
        run = await socket.start_run(thread["id"], "triage", asked["content"])
        events = await socket.events_of(run["id"])
    await client.delete(f"/users/{user.user['id']}")

    assert types(events) == ["agent_started", "agent_thinking", "partial_result", "agent_completed"]
    assert events[-1]["data"]["text"] == "Results: 57"


async def test_a_dropped_connection_is_resumed_without_losing_or_repeating_a_piece(member: Client) -> None:
    thread = await member.create_thread()
    async with member.connect() as socket:
        run = await socket.start_run(thread["id"], "slow", "12")
        before = [await socket.next_event() for _ in range(5)]
        socket.raw.transport.abort()

    async with member.connect(thread=thread["id"], after=before[-1]["sequence"]) as socket:
        after = await socket.events_of(run["id"])

    gapless(before + after)
    assert before + after == await member.events(run["id"])
    assert after[-1]["type"] == "agent_completed"


async def test_a_long_run_is_stopped_and_the_thread_goes_on(member: Client) -> None:
    thread = await member.create_thread()
    async with member.connect() as socket:
        run = await socket.start_run(thread["id"], "slow", "2000")
        await socket.next_event()
        assert (await member.post(f"/runs/{run['id']}/cancel")).status_code == 202
        assert (await socket.events_of(run["id"]))[-1]["data"]["code"] == "cancelled"

        assert (await member.run(run["id"]))["status"] == "cancelled"
        problem(await member.post(f"/runs/{run['id']}/cancel"), 409, "already-finished")
        following = await socket.start_run(thread["id"], "writer", "another way")
        assert (await socket.events_of(following["id"]))[-1]["data"]["text"] == "Draft: another way."


async def test_a_user_goes_on_with_refreshed_tokens_where_they_were(member: Client) -> None:
    thread = await member.create_thread("still here")
    old = member.access_token, member.refresh_token

    await member.refresh()

    assert (member.access_token != old[0], member.refresh_token != old[1]) == (True, True)
    assert (await member.thread(thread["id"]))["title"] == "still here"
    async with member.connect() as socket:
        assert socket.welcome["user"] == member.user["id"]
    problem(await member.post("/auth/refresh", {"refresh_token": old[1]}, anonymous=True), 401, "invalid-grant")


async def test_logging_out_ends_the_session_at_every_door(member: Client) -> None:
    async with member.connect() as socket:
        assert (await socket.ping())["type"] == "pong"
        assert (await member.get("/users/me")).status_code == 200

        await member.logout()

        assert (await socket.closed()).code == 4401
    problem(await member.get("/threads"), 401, "invalid-token")
    problem(
        await member.post("/auth/refresh", {"refresh_token": member.refresh_token}, anonymous=True),
        401,
        "invalid-grant",
    )
    with pytest.raises(InvalidStatus) as refused:
        async with member.connect():
            pass
    assert refused.value.response.status_code == 403


async def test_a_members_work_is_seen_by_the_admin_and_by_no_other_member(
    client: Client, member: Client, new_user: NewUser
) -> None:
    thread = await member.create_thread("private work")
    run = await member.complete(thread["id"], "echo", "for my eyes")
    stranger = await new_user("member")

    assert await client.thread(thread["id"]) == await member.thread(thread["id"])
    assert await client.run(run["id"]) == run
    for path in (f"/threads/{thread['id']}", f"/threads/{thread['id']}/messages", f"/runs/{run['id']}"):
        problem(await stranger.get(path), 404, "not-found")
    assert await stranger.everything("/threads") == []
    async with stranger.connect() as socket:
        answer = await socket.subscribe(thread["id"])
        assert (answer["type"], answer.get("code")) == ("error", "not-found")
