"""P1, what nobody can work without: one's way in over the WebSocket, messages, agents and their events.

Covers the promises of the gateway's handshake and first frame, of messages and runs over both doors
(REST and WebSocket), of threads, of the isolation of members from each other, of the rate limit, of
errors that say what is wrong, of reconnection, and of the critical events of a run.
"""

from __future__ import annotations

import asyncio
import re
from typing import Any
from unittest.mock import ANY

import pytest

from suites.client import Client
from suites.conftest import NewUser
from suites.expect import problem, types
from suites.priority.forging import tampered
from suites.priority.steps import refused_handshake

LONG = "2000"
"""Input with which ``slow`` works for 40 s: whoever starts it cancels it."""


# Connection and authentication -------------------------------------------------------------------


async def test_the_socket_welcomes_whoever_shows_a_token_in_the_header(member: Client) -> None:
    async with member.connect() as socket:
        welcome = socket.welcome
        assert welcome["user"] == member.user["id"]
        assert re.fullmatch(r"con_[a-z0-9]{20}", welcome["connection"])
        assert welcome["protocol"] == "agents.v1"
        assert welcome["heartbeat"] == 20
        assert welcome["limits"] == {"message_bytes": 65536, "messages_per_second": 200}


async def test_the_socket_takes_the_token_as_a_subprotocol_and_echoes_only_the_protocol(member: Client) -> None:
    async with member.connect(transport="subprotocol") as socket:
        assert socket.raw.subprotocol == "agents.v1"
        assert socket.welcome["user"] == member.user["id"]
        assert await socket.ask("ping") == {"type": "pong", "id": "q1"}


async def test_the_socket_refuses_whoever_shows_no_credential(member: Client) -> None:
    async with member.connect() as socket:
        assert socket.welcome["user"] == member.user["id"]

    refusal = await refused_handshake(member, transport="none")

    assert refusal.status_code == 403
    assert not refusal.body


async def test_the_socket_refuses_a_token_that_was_tampered_with(member: Client) -> None:
    async with member.connect(token=member.access_token) as socket:
        assert socket.welcome["user"] == member.user["id"]

    refusal = await refused_handshake(member, token=tampered(member.access_token, role="admin"))

    assert refusal.status_code == 403
    assert not refusal.body


# Messages ----------------------------------------------------------------------------------------


async def test_a_message_sent_over_the_socket_is_read_over_rest(member: Client) -> None:
    thread = (await member.create_thread())["id"]
    async with member.connect() as socket:
        answer = await socket.ask("message", thread=thread, content="Is the deploy through?")

    assert answer["type"] == "accepted"
    assert answer["message"]["content"] == "Is the deploy through?"
    assert answer["message"]["author"] == member.user["id"]
    assert await member.messages(thread) == [answer["message"]]


async def test_a_message_sent_over_rest_reaches_the_subscribers_of_its_thread(member: Client) -> None:
    thread = (await member.create_thread())["id"]
    async with member.connect() as socket:
        await socket.subscribe(thread)
        message = await member.send_message(thread, "It is through.")
        heard = await socket.until(lambda frame: frame["type"] == "message_created")

    assert message["sequence"] == 1
    assert heard == {"type": "message_created", "message": message}


async def test_the_answer_of_an_agent_becomes_a_message_of_the_thread(member: Client) -> None:
    thread = (await member.create_thread())["id"]
    question = await member.send_message(thread, "Say hello.")
    run = await member.complete(thread, "echo", "hello")

    first, answer = await member.messages(thread)

    assert first == question
    assert (answer["role"], answer["content"]) == ("assistant", "hello")
    assert (answer["run_id"], answer["sequence"]) == (run["id"], 2)


# Agents and runs ---------------------------------------------------------------------------------


async def test_the_built_in_agents_are_found_with_their_tools_and_sub_agents(member: Client) -> None:
    agents = [agent for agent in await member.everything("/agents") if agent["built_in"]]

    assert {agent["id"]: (agent["tools"], sorted(agent["sub_agents"])) for agent in agents} == {
        "echo": ([], []),
        "triage": ([], ["analyst", "researcher", "writer"]),
        "researcher": (["search"], []),
        "analyst": (["calculator"], []),
        "writer": ([], []),
        "coordinator": ([], ["analyst", "researcher", "writer"]),
        "unreliable": (["broken"], []),
        "slow": ([], []),
    }


async def test_a_started_run_is_accepted_at_once_and_its_result_kept(member: Client) -> None:
    thread = (await member.create_thread())["id"]

    accepted = await member.post(f"/threads/{thread}/runs", {"agent": "echo", "input": "one two three"})
    run = accepted.json()

    assert (accepted.status_code, run["status"]) == (202, "queued")
    assert accepted.headers["location"] == f"/runs/{run['id']}"
    assert (await member.finished(run["id"]))["status"] == "completed"
    assert await member.call("GET", f"/runs/{run['id']}/result") == {
        "text": "one two three",
        "usage": {"input_tokens": 3, "output_tokens": 3, "total_tokens": 6, "tool_calls": 0},
    }


async def test_a_run_at_work_is_running_until_it_is_cancelled_over_rest(member: Client) -> None:
    thread = (await member.create_thread())["id"]
    async with member.connect(thread=thread, after=0) as socket:
        run = await member.start_run(thread, "slow", LONG)
        await socket.until(lambda frame: frame["type"] == "event" and frame["event"]["type"] == "partial_result")
        at_work = await member.run(run["id"])
        cancel = await member.post(f"/runs/{run['id']}/cancel")
        events = await socket.events_of(run["id"])

    assert (at_work["status"], at_work["finished_at"]) == ("running", None)
    assert cancel.status_code == 202
    assert (events[-1]["type"], events[-1]["data"]["code"]) == ("agent_failed", "cancelled")
    assert (await member.finished(run["id"]))["status"] == "cancelled"
    problem(await member.post(f"/runs/{run['id']}/cancel"), 409, "already-finished")


async def test_a_run_is_started_and_cancelled_over_the_socket(member: Client) -> None:
    thread = (await member.create_thread())["id"]
    async with member.connect() as socket:
        run = await socket.start_run(thread, "slow", LONG)
        assert (await socket.next_event())["type"] == "agent_started"
        answer = await socket.ask("cancel_run", run=run["id"])
        last = (await socket.events_of(run["id"]))[-1]

    assert (answer["type"], answer["run"]["id"]) == ("accepted", run["id"])
    assert (last["type"], last["data"]["code"]) == ("agent_failed", "cancelled")
    assert (await member.finished(run["id"]))["status"] == "cancelled"


async def test_an_agent_that_fails_says_why_in_its_last_event_and_in_its_run(member: Client) -> None:
    thread = (await member.create_thread())["id"]
    async with member.connect() as socket:
        run = await socket.start_run(thread, "unreliable", "model")
        events = await socket.events_of(run["id"])

    failed = await member.finished(run["id"])

    assert types(events) == ["agent_started", "agent_thinking", "agent_failed"]
    assert events[-1]["data"]["code"] == "model_error"
    assert (failed["status"], failed["error"]) == ("failed", events[-1]["data"])
    problem(await member.get(f"/runs/{run['id']}/result"), 409, "no-result")


# Threads and whose they are ----------------------------------------------------------------------


async def test_a_thread_is_made_found_renamed_and_deleted(member: Client) -> None:
    thread = await member.create_thread("Deploy 41", {"service": "checkout"})
    path = f"/threads/{thread['id']}"

    assert (thread["title"], thread["metadata"]) == ("Deploy 41", {"service": "checkout"})
    assert (thread["owner"], thread["tenant"]) == (member.user["id"], member.user["tenant"])
    assert await member.everything("/threads") == [thread]
    etag = (await member.get(path)).headers["etag"]
    renamed = await member.patch(path, {"title": "Deploy 42"}, headers={"if-match": etag})
    assert (renamed.status_code, renamed.json()["title"]) == (200, "Deploy 42")
    assert (await member.delete(path)).status_code == 204
    problem(await member.get(path), 404, "not-found")


async def test_a_members_thread_is_not_there_for_another_member_over_rest(member: Client, new_user: NewUser) -> None:
    thread = (await member.create_thread())["id"]
    message = await member.send_message(thread, "for my eyes only")
    other = await new_user()

    assert await member.messages(thread) == [message]
    problem(await other.get(f"/threads/{thread}"), 404, "not-found")
    problem(await other.get(f"/threads/{thread}/messages"), 404, "not-found")
    problem(await other.get(f"/threads/{thread}/messages/{message['id']}"), 404, "not-found")
    problem(await other.post(f"/threads/{thread}/runs", {"agent": "echo", "input": "mine?"}), 404, "not-found")
    assert await other.everything("/threads") == []


async def test_a_members_thread_is_not_heard_by_another_member_over_the_socket(
    member: Client, new_user: NewUser
) -> None:
    thread = (await member.create_thread())["id"]
    other = await new_user()

    async with member.connect() as own, other.connect() as foreign:
        assert await own.subscribe(thread) == {"type": "subscribed", "id": "q1", "thread": thread, "last_sequence": 0}
        refused = await foreign.subscribe(thread)
        await own.events_of((await own.start_run(thread, "echo", "for my ears only"))["id"])
        await foreign.send({"type": "ping", "id": "anything else?"})

        assert (refused["type"], refused.get("code")) == ("error", "not-found")
        assert await foreign.receive() == {"type": "pong", "id": "anything else?"}
    assert (await refused_handshake(other, thread=thread)).status_code == 403


async def test_twenty_users_at_once_each_get_the_answer_to_their_own_question(new_user: NewUser) -> None:
    users = await asyncio.gather(*(new_user() for _ in range(20)))
    all_are_there = asyncio.Barrier(len(users))

    async def ask(user: Client) -> tuple[str, str, str]:
        thread = (await user.create_thread())["id"]
        async with user.connect() as socket:
            subscribed = await socket.subscribe(thread)
            await all_are_there.wait()
            run = await socket.start_run(thread, "echo", f"I am {user.user['name']}.")
            last = (await socket.events_of(run["id"]))[-1]
            return socket.welcome["user"], subscribed["type"], last["data"]["text"]

    answers = await asyncio.gather(*(ask(user) for user in users))

    assert answers == [(user.user["id"], "subscribed", f"I am {user.user['name']}.") for user in users]


async def test_whoever_is_over_the_rate_limit_is_told_when_to_come_back_and_nobody_else_is(new_user: NewUser) -> None:
    hasty, calm = await new_user(requests_per_minute=3), await new_user()

    within = [(await hasty.get("/threads")).status_code for _ in range(3)]
    over = await hasty.get("/threads")

    assert within == [200, 200, 200]
    problem(over, 429, "rate-limited")
    assert re.fullmatch("[1-9][0-9]?", over.headers["retry-after"])
    assert (await calm.get("/threads")).status_code == 200


async def test_the_socket_says_what_it_cannot_do_and_stays_open(member: Client) -> None:
    thread = (await member.create_thread())["id"]
    async with member.connect() as socket:
        codes = [
            (answer["type"], answer.get("code"))
            for answer in (
                await socket.ask("dance"),
                await socket.ask("subscribe", thread="thr_00000000000000000000"),
                await socket.ask("message", thread=thread, content=""),
                await socket.ask("start_run", thread=thread, agent="nobody", input="hello"),
            )
        ]

        assert codes == [("error", "unknown-type"), ("error", "not-found"), ("error", "invalid"), ("error", "invalid")]
        assert (await socket.ping())["type"] == "pong"


# Events ------------------------------------------------------------------------------------------


async def test_whoever_reconnects_gets_what_was_missed_and_nothing_twice(member: Client) -> None:
    thread = (await member.create_thread())["id"]
    async with member.connect() as socket:
        run = await socket.start_run(thread, "slow", "8")
        seen = [await socket.next_event() for _ in range(3)]

    async with member.connect(thread=thread, after=seen[-1]["sequence"]) as socket:
        missed = await socket.events_of(run["id"])

    assert [event["sequence"] for event in seen + missed] == list(range(1, 12))
    assert seen + missed == await member.events(run["id"])


async def test_partial_results_are_streamed_while_the_agent_is_at_work(member: Client) -> None:
    thread = (await member.create_thread())["id"]
    async with member.connect() as socket:
        run = await socket.start_run(thread, "slow", LONG)
        pieces: list[str] = []
        while len(pieces) < 3:
            event = await socket.next_event()
            pieces += [event["data"]["text"]] if event["type"] == "partial_result" else []
        status = (await member.run(run["id"]))["status"]
        await member.cancel_run(run["id"])

    assert pieces == ["tick 1 ", "tick 2 ", "tick 3 "]
    assert status == "running"


@pytest.mark.parametrize(
    ("place", "type", "told"),
    [
        (0, "agent_started", {"input": "2 + 3"}),
        (1, "agent_thinking", {"thought": ANY}),
        (2, "tool_executing", {"tool": "calculator", "call_id": ANY, "arguments": {"expression": "2 + 3"}}),
        (3, "tool_completed", {"tool": "calculator", "call_id": ANY, "result": {"value": 5}}),
        (
            -1,
            "agent_completed",
            {
                "text": "Results: 5",
                "usage": {"input_tokens": 3, "output_tokens": 2, "total_tokens": 5, "tool_calls": 1},
            },
        ),
    ],
    ids=["agent_started", "agent_thinking", "tool_executing", "tool_completed", "agent_completed"],
)
async def test_each_critical_event_is_delivered_once_in_its_place_with_what_it_tells(
    member: Client, place: int, type: str, told: dict[str, Any]
) -> None:
    thread = (await member.create_thread())["id"]
    async with member.connect() as socket:
        run = await socket.start_run(thread, "analyst", "2 + 3")
        events = await socket.events_of(run["id"])

    event = events[place]

    assert [other["type"] for other in events].count(type) == 1
    assert event["type"] == type
    assert (event["thread_id"], event["run_id"], event["agent"]) == (thread, run["id"], "analyst")
    assert event["sequence"] == 1 + place % len(events)
    assert event["data"] == told
