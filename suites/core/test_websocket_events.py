"""WebSocket events: a subscriber hears everything that happens in its threads, as it was stored, and nothing else."""

from __future__ import annotations

import re

from suites.client import Client
from suites.expect import gapless, types

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def _no_message(frame: dict[str, object]) -> bool:
    return frame["type"] != "message_created"


async def test_a_subscriber_hears_every_event_of_a_run_just_as_it_was_stored(member: Client) -> None:
    thread = await member.create_thread()
    async with member.connect() as socket:
        answer = await socket.subscribe(thread["id"])
        assert answer == {"type": "subscribed", "id": answer["id"], "thread": thread["id"], "last_sequence": 0}

        run = await member.start_run(thread["id"], "researcher", "rollback")
        heard = await socket.events_of(run["id"])

    gapless(heard)
    assert types(heard) == [
        "agent_started",
        "agent_thinking",
        "tool_executing",
        "tool_completed",
        "partial_result",
        "agent_completed",
    ]
    assert heard == await member.events(run["id"])


async def test_an_event_says_what_happened_where_by_whom_and_when(member: Client) -> None:
    thread = await member.create_thread()
    async with member.connect() as socket:
        run = await socket.start_run(thread["id"], "echo", "who and when")
        heard = await socket.events_of(run["id"])

    for event in heard:
        assert set(event) == {
            "type",
            "sequence",
            "thread_id",
            "run_id",
            "parent_run_id",
            "agent",
            "timestamp",
            "data",
        }
        assert (event["thread_id"], event["run_id"], event["parent_run_id"]) == (thread["id"], run["id"], None)
        assert event["agent"] == "echo"
        assert _TIME.fullmatch(event["timestamp"]), event["timestamp"]
    moments = [event["timestamp"] for event in heard]
    assert moments == sorted(moments)


async def test_a_tool_call_is_told_when_it_begins_and_when_it_ends(member: Client) -> None:
    thread = await member.create_thread()
    async with member.connect() as socket:
        run = await socket.start_run(thread["id"], "analyst", "6*7")
        heard = await socket.events_of(run["id"])

    began, ended = [event["data"] for event in heard if event["type"].startswith("tool_")]
    assert began == {"tool": "calculator", "call_id": ended["call_id"], "arguments": {"expression": "6*7"}}
    assert ended == {"tool": "calculator", "call_id": began["call_id"], "result": {"value": 42}}
    assert began["call_id"]


async def test_a_subscriber_hears_nothing_of_a_thread_it_has_not_subscribed_to(member: Client) -> None:
    mine, other = await member.create_thread("mine"), await member.create_thread("other")
    async with member.connect() as socket:
        await socket.subscribe(mine["id"])
        unheard = await member.complete(other["id"], "echo", "behind the wall")
        run = await socket.start_run(mine["id"], "echo", "in the room")

        heard = [await socket.next_event()]
        while heard[-1]["type"] != "agent_completed":
            heard.append(await socket.next_event())
        assert {event["run_id"] for event in heard} == {run["id"]}

        await socket.subscribe(other["id"], after=0)
        assert await socket.events_of(unheard["id"]) == await member.events(unheard["id"])


async def test_nothing_comes_between_unsubscribing_and_subscribing_again(member: Client) -> None:
    thread = await member.create_thread()
    async with member.connect() as socket:
        await socket.subscribe(thread["id"])
        heard = await socket.events_of((await member.start_run(thread["id"], "echo", "heard"))["id"])
        answer = await socket.ask("unsubscribe", thread=thread["id"])
        assert (answer["type"], answer["thread"]) == ("unsubscribed", thread["id"])

        missed = await member.complete(thread["id"], "echo", "missed")
        await socket.send({"type": "subscribe", "id": "again", "thread": thread["id"], "after": len(heard)})
        first = await socket.until(_no_message)
        assert first == {
            "type": "subscribed",
            "id": "again",
            "thread": thread["id"],
            "last_sequence": missed["last_sequence"],
        }
        gapless(await socket.events_of(missed["id"]), first=len(heard) + 1)
