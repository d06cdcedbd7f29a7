"""Failure recovery: what fails says why, takes nothing else with it, and is whole again afterwards."""

from __future__ import annotations

import pytest

from suites.client import Client, Closed, Environment
from suites.expect import gapless, problem, types


@pytest.mark.parametrize(
    ("input", "code"),
    [
        pytest.param("tool", "tool_failed", id="in-a-tool"),
        pytest.param("model", "model_error", id="in-the-model"),
        pytest.param("stream", "stream_broken", id="in-the-middle-of-its-answer"),
    ],
)
async def test_a_run_that_fails_says_why_and_leaves_the_thread_free(member: Client, input: str, code: str) -> None:
    thread = await member.create_thread()
    failed = await member.complete(thread["id"], "unreliable", input)

    assert (failed["status"], failed["result"]) == ("failed", None)
    assert failed["error"] == {"code": code, "message": failed["error"]["message"]}
    problem(await member.get(f"/runs/{failed['id']}/result"), 409, "no-result")
    pieces = [event["type"] for event in await member.events(failed["id"])].count("partial_result")
    assert pieces == (2 if input == "stream" else 0)

    assert (await member.thread(thread["id"]))["active_run"] is None
    again = await member.complete(thread["id"], "unreliable", "once more")
    assert (again["status"], again["result"]["text"]) == ("completed", "once more")
    assert [message["run_id"] for message in await member.messages(thread["id"])] == [again["id"]]


@pytest.mark.own_environment
async def test_a_run_that_was_active_when_its_service_was_killed_is_failed_as_interrupted(
    own: Environment, own_client: Client
) -> None:
    thread = await own_client.create_thread()
    async with own_client.connect() as socket:
        run = await socket.start_run(thread["id"], "slow", "2000")
        seen = [await socket.next_event() for _ in range(4)]
        await own.admin.restart("backend-1", kill=True)

    failed = await own_client.run(run["id"])
    assert failed["status"] == "failed"
    assert failed["error"]["code"] == "interrupted"
    events = await own_client.events(run["id"])
    gapless(events)
    assert events[: len(seen)] == seen
    assert types(events) == ["agent_started", "agent_thinking", "partial_result", "agent_failed"]
    assert (await own_client.thread(thread["id"]))["active_run"] is None
    again = await own_client.complete(thread["id"], "echo", "after the crash")
    assert again["result"]["text"] == "after the crash"


@pytest.mark.own_environment
async def test_a_client_goes_on_after_a_restart_of_its_gateway_where_it_was(
    own: Environment, own_client: Client
) -> None:
    thread = await own_client.create_thread()
    async with own_client.connect() as socket:
        run = await socket.start_run(thread["id"], "slow", "15")
        before = [await socket.next_event() for _ in range(3)]
        await own.admin.restart(socket.welcome["instance"])
        assert await socket.closed() == Closed(1012, "service restart")

    async with own_client.connect(thread=thread["id"], after=before[-1]["sequence"]) as socket:
        after = await socket.events_of(run["id"])
    gapless(before + after)
    assert after[-1]["data"]["text"] == "".join(f"tick {i} " for i in range(1, 16))


@pytest.mark.own_environment
async def test_an_outage_of_the_auth_service_is_told_as_such_and_leaves_sessions_whole(
    own: Environment, own_client: Client
) -> None:
    thread = await own_client.create_thread("before the outage")
    await own.admin.set_fault("G6-auth-service-down")
    try:
        refused = await own_client.get(f"/threads/{thread['id']}")
        problem(refused, 503, "dependency-unavailable")
        assert int(refused.headers.get("retry-after", 0)) >= 1
    finally:
        await own.admin.clear_fault("G6-auth-service-down")

    assert await own_client.thread(thread["id"]) == thread
    async with own_client.connect() as socket:
        assert (await socket.ping())["type"] == "pong"
