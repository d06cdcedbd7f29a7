"""Event delivery: a thread's events come in their order, each once, exactly those that are documented, to everybody who
listens, and to whoever comes back after having been away.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from datetime import datetime
from typing import Any
from unittest.mock import ANY

import pytest
from websockets.exceptions import ConnectionClosed

from suites.client import Client, Socket
from suites.expect import LAST, gapless

Event = dict[str, Any]

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
STARTED, THINKING, EXECUTING, COMPLETED_TOOL = "agent_started", "agent_thinking", "tool_executing", "tool_completed"
PARTIAL, COMPLETED, FAILED = "partial_result", "agent_completed", "agent_failed"


def joined(events: list[Event]) -> str:
    return "".join(event["data"]["text"] for event in events if event["type"] == PARTIAL)


def told(events: list[Event]) -> list[tuple[str, Any]]:
    """Each event's type and what it says; pieces of a result are put together, calls are named by their number."""
    calls = list(dict.fromkeys(event["data"]["call_id"] for event in events if "call_id" in event["data"]))
    story: list[tuple[str, Any]] = []
    for event in events:
        type, data = event["type"], dict(event["data"])
        if type == PARTIAL:
            if story[-1][0] != PARTIAL:
                story.append((PARTIAL, joined(events)))
            continue
        if "call_id" in data:
            data["call_id"] = calls.index(data["call_id"])
        story.append((type, data))
    return story


def call(number: int, tool: str, arguments: Any, result: Any) -> list[tuple[str, Any]]:
    return [
        (EXECUTING, {"tool": tool, "call_id": number, "arguments": arguments}),
        (COMPLETED_TOOL, {"tool": tool, "call_id": number, "result": result}),
    ]


def answered(text: str) -> list[tuple[str, Any]]:
    return [(PARTIAL, text), (COMPLETED, {"text": text, "usage": ANY})]


def failed(code: str) -> tuple[str, Any]:
    return (FAILED, {"code": code, "message": ANY})


async def heard(socket: Socket, count: int) -> list[Event]:
    return [await socket.next_event() for _ in range(count)]


@contextmanager
def in_time(otherwise: str) -> Iterator[None]:
    try:
        yield
    except TimeoutError:
        pytest.fail(otherwise)


async def more_events(socket: Socket) -> list[Event]:
    """The events that come before the answer to a question asked now."""
    await socket.send({"type": "ping", "id": "is there more?"})
    frames = [await socket.receive()]
    while frames[-1].get("id") != "is there more?":
        frames.append(await socket.receive())
    return [frame["event"] for frame in frames if frame["type"] == "event"]


# Exactly the documented events ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("agent", "input", "story"),
    [
        pytest.param("echo", "a text of more than sixteen", answered("a text of more than sixteen"), id="echo"),
        pytest.param("writer", "release notes", answered("Draft: release notes."), id="writer"),
        pytest.param(
            "researcher",
            "xyzzy",
            [*call(0, "search", {"query": "xyzzy"}, {"hits": []}), *answered("Found 0")],
            id="researcher",
        ),
        pytest.param(
            "analyst",
            "first 2+3 then 4*5",
            [
                *call(0, "calculator", {"expression": "2+3"}, {"value": 5}),
                *call(1, "calculator", {"expression": "4*5"}, {"value": 20}),
                *answered("Results: 5, 20"),
            ],
            id="analyst",
        ),
        pytest.param("unreliable", "model", [failed("model_error")], id="unreliable-model"),
        pytest.param("unreliable", "stream", [(PARTIAL, ANY), failed("stream_broken")], id="unreliable-stream"),
    ],
)
async def test_an_agent_tells_its_run_in_exactly_the_documented_events(
    member: Client, agent: str, input: str, story: list[tuple[str, Any]]
) -> None:
    thread = await member.create_thread()
    async with member.connect() as socket:
        run = await socket.start_run(thread["id"], agent, input)
        events = await socket.events_of(run["id"])

    assert told(events) == [(STARTED, {"input": input}), (THINKING, {"thought": ANY}), *story]
    gapless(events)


async def test_a_tool_that_fails_says_so_before_its_agent_does(member: Client) -> None:
    thread = await member.create_thread()
    async with member.connect() as socket:
        run = await socket.start_run(thread["id"], "unreliable", "tool")
        events = await socket.events_of(run["id"])

    assert [event["type"] for event in events] == [STARTED, THINKING, EXECUTING, COMPLETED_TOOL, FAILED]
    executing, completed, end = (event["data"] for event in events[2:])
    assert completed["call_id"] == executing["call_id"]
    assert "error" in completed and "result" not in completed
    assert end["code"] == "tool_failed"


async def test_a_cancelled_run_ends_with_its_cancellation_and_nothing_comes_after(member: Client) -> None:
    thread = await member.create_thread()
    async with member.connect() as socket:
        run = await socket.start_run(thread["id"], "slow", "2000")
        while (await socket.next_event())["type"] != PARTIAL:
            pass

        await member.cancel_run(run["id"])
        end = (await socket.events_of(run["id"]))[-1]

        assert (end["type"], end["data"]["code"]) == (FAILED, "cancelled")
        assert (await member.run(run["id"]))["last_sequence"] == end["sequence"]
        assert await more_events(socket) == []
    assert [event["type"] for event in await member.events(run["id"]) if event["type"] in LAST] == [FAILED]


async def test_sub_agents_events_lie_between_their_parents_thinking_and_its_first_piece(member: Client) -> None:
    thread = await member.create_thread()
    async with member.connect() as socket:
        run = await socket.start_run(thread["id"], "coordinator", "1+1 rollback")
        assert (await socket.events_of(run["id"]))[-1]["type"] == COMPLETED
    events = (await member.call("GET", f"/threads/{thread['id']}/events"))["items"]
    gapless(events)

    own = [number for number, event in enumerate(events) if event["run_id"] == run["id"]]
    between = events[own[1] + 1 : own[2]]

    assert [event["type"] for event in (events[own[0]], events[own[1]], events[own[2]])] == [STARTED, THINKING, PARTIAL]
    assert own[2:] == list(range(own[2], len(events)))
    assert {event["parent_run_id"] for event in between} == {run["id"]}
    assert [event["agent"] for event in between if event["type"] == STARTED] == ["researcher", "analyst", "writer"]
    assert [event["type"] for event in between].count(COMPLETED) == 3


async def test_the_pieces_of_a_result_are_numbered_and_make_the_text_that_everybody_gets(member: Client) -> None:
    thread = await member.create_thread()
    text = "pieces of at most sixteen characters, " * 3
    async with member.connect() as socket:
        run = await socket.start_run(thread["id"], "echo", text)
        events = await socket.events_of(run["id"])
    pieces = [event["data"] for event in events if event["type"] == PARTIAL]

    assert [piece["index"] for piece in pieces] == list(range(len(pieces)))
    assert all(1 <= len(piece["text"]) <= 16 for piece in pieces)
    assert joined(events) == events[-1]["data"]["text"] == text
    assert (await member.run(run["id"]))["result"]["text"] == text
    assert (await member.messages(thread["id"]))[-1]["content"] == text


async def test_every_event_names_its_thread_run_agent_and_time(member: Client) -> None:
    thread = await member.create_thread()
    async with member.connect() as socket:
        run = await socket.start_run(thread["id"], "writer", "a changelog")
        events = await socket.events_of(run["id"])

    assert {(event["thread_id"], event["run_id"], event["parent_run_id"], event["agent"]) for event in events} == {
        (thread["id"], run["id"], None, "writer")
    }
    times = [event["timestamp"] for event in events]
    assert all(TIME.fullmatch(time) for time in times)
    assert times == sorted(times)
    assert datetime.fromisoformat(times[0]) >= datetime.fromisoformat(run["created_at"])


async def test_what_is_heard_is_what_is_stored_and_it_is_stored_before_it_is_heard(member: Client) -> None:
    thread = await member.create_thread()
    async with member.connect() as socket:
        run = await socket.start_run(thread["id"], "slow", "3")
        events: list[Event] = []
        while not events or events[-1]["type"] not in LAST:
            events.append(await socket.next_event())
            assert (await member.events(run["id"]))[: len(events)] == events

    assert await member.events(run["id"]) == events


async def test_numbers_go_on_from_run_to_run_of_a_thread(member: Client) -> None:
    thread = await member.create_thread()
    async with member.connect() as socket:
        first = await socket.events_of((await socket.start_run(thread["id"], "echo", "one"))["id"])
        second = await socket.events_of((await socket.start_run(thread["id"], "unreliable", "model"))["id"])
        third = await socket.events_of((await socket.start_run(thread["id"], "writer", "three"))["id"])

    assert [events[0]["type"] for events in (first, second, third)] == [STARTED] * 3
    assert second[0]["sequence"] == first[-1]["sequence"] + 1
    assert third[0]["sequence"] == second[-1]["sequence"] + 1
    gapless(first + second + third)


# Coming later, coming back -------------------------------------------------------------------------------------------


async def test_a_subscription_without_a_number_hears_none_of_the_past(member: Client) -> None:
    thread = await member.create_thread()
    past = await member.complete(thread["id"], "echo", "the past")
    async with member.connect() as socket:
        subscribed = await socket.subscribe(thread["id"])
        assert subscribed["last_sequence"] == past["last_sequence"] > 0

        run = await member.start_run(thread["id"], "echo", "the present")
        event = await socket.next_event()

    assert (event["run_id"], event["sequence"]) == (run["id"], past["last_sequence"] + 1)


@pytest.mark.parametrize("by", ["subscribe", "query"])
async def test_a_subscription_after_a_number_hears_exactly_what_followed_it(member: Client, by: str) -> None:
    thread = await member.create_thread()
    run = await member.complete(thread["id"], "analyst", "1+1 2+2 3+3")
    stored = await member.events(run["id"])
    for after in (0, 4, len(stored) - 1):
        named = {"thread": thread["id"], "after": after} if by == "query" else {}
        async with member.connect(**named) as socket:
            if by == "subscribe":
                await socket.subscribe(thread["id"], after)

            assert await heard(socket, len(stored) - after) == stored[after:]
            assert (await socket.ping())["type"] == "pong"


async def test_whoever_comes_back_in_the_middle_of_a_run_misses_nothing(member: Client) -> None:
    thread = await member.create_thread()
    async with member.connect() as socket:
        run = await socket.start_run(thread["id"], "slow", "2000")
        before = await heard(socket, 5)
    assert (await member.run(run["id"]))["status"] == "running"
    async with member.connect(thread=thread["id"], after=before[-1]["sequence"]) as socket:
        after = await heard(socket, 5)
        await member.cancel_run(run["id"])
        after += await socket.events_of(run["id"])

    gapless(before + after)
    assert before + after == await member.events(run["id"])


async def test_one_can_come_back_through_another_gateway(member: Client) -> None:
    thread = await member.create_thread()
    async with member.connect() as socket:
        gateway = socket.welcome["instance"]
        run = await socket.start_run(thread["id"], "slow", "10")
        events = await heard(socket, 4)
    for _ in range(50):
        async with member.connect() as other:
            if other.welcome["instance"] != gateway:
                await other.subscribe(thread["id"], events[-1]["sequence"])
                events += await other.events_of(run["id"])
                break

    assert events == await member.events(run["id"])
    assert events[-1]["type"] == COMPLETED


async def test_subscribing_twice_gives_no_event_twice(member: Client) -> None:
    thread = await member.create_thread()
    async with member.connect() as socket:
        await socket.subscribe(thread["id"])
        again = await socket.subscribe(thread["id"])
        run = await member.start_run(thread["id"], "echo", "once is enough, whoever asks")
        events = await socket.events_of(run["id"])

        assert (again["type"], again["thread"]) == ("subscribed", thread["id"])
        assert events == await member.events(run["id"])
        assert await more_events(socket) == []


async def test_after_unsubscribing_nothing_more_is_heard_until_one_subscribes_again(member: Client) -> None:
    thread = await member.create_thread()
    async with member.connect() as socket, member.connect(thread=thread["id"], after=0) as other:
        first = await socket.events_of((await socket.start_run(thread["id"], "echo", "heard"))["id"])
        assert (await socket.ask("unsubscribe", thread=thread["id"]))["type"] == "unsubscribed"
        unheard = await member.complete(thread["id"], "echo", "not heard")
        assert await other.events_of(unheard["id"]) == await member.events(unheard["id"])
        assert await more_events(socket) == []

        await socket.subscribe(thread["id"], first[-1]["sequence"])

        assert await socket.events_of(unheard["id"]) == await member.events(unheard["id"])


async def test_a_thread_that_one_did_not_subscribe_to_is_not_heard(member: Client) -> None:
    one, other = [await member.create_thread() for _ in range(2)]
    async with member.connect() as socket:
        await socket.subscribe(one["id"])
        unheard = await member.complete(other["id"], "echo", "elsewhere")
        run = await member.complete(one["id"], "echo", "here")
        stored = await member.events(run["id"])

        assert await heard(socket, len(stored)) == stored
        assert await more_events(socket) == []
        assert [event["run_id"] for event in await member.events(unheard["id"])] == [unheard["id"]] * len(stored)


async def test_everybody_who_listens_hears_the_same_in_the_same_order(member: Client, viewer: Client) -> None:
    thread = await member.create_thread()
    async with (
        member.connect() as owner,
        member.connect(thread=thread["id"], after=0) as again,
        viewer.connect() as watching,
    ):
        await watching.subscribe(thread["id"])
        run = await owner.start_run(thread["id"], "researcher", "rollback canary")
        told_to = [await socket.events_of(run["id"]) for socket in (owner, again, watching)]

    assert told_to == [await member.events(run["id"])] * 3


# Slow readers --------------------------------------------------------------------------------------------------------

UNREAD = 7
"""Runs of about 0.9 MB of events each: more than the buffers on the way to somebody who does not read can hold."""


@pytest.fixture(scope="module")
async def long_thread(client: Client) -> AsyncIterator[str]:
    """A thread with so many bytes of events that whoever sends them to a slow reader must wait for it."""
    thread = (await client.create_thread("long"))["id"]
    for _ in range(UNREAD):
        await client.complete(thread, "coordinator", "\x01" * 16000)
    yield thread
    await client.delete(f"/threads/{thread}")


@asynccontextmanager
async def slow_and_quick(client: Client) -> AsyncIterator[tuple[Socket, Socket]]:
    """Two connections to one gateway. The first takes nothing that it is not asked for."""
    async with AsyncExitStack() as stack:
        slow = await stack.enter_async_context(client.connect(compression=None, max_queue=1))
        for _ in range(20):
            quick = await stack.enter_async_context(client.connect())
            if quick.welcome["instance"] == slow.welcome["instance"]:
                break
        yield slow, quick
        slow.raw.transport.abort()


async def test_a_slow_reader_loses_nothing(client: Client, long_thread: str) -> None:
    async with slow_and_quick(client) as (slow, quick):
        await slow.subscribe(long_thread, 0)
        await quick.subscribe(long_thread, 0)
        runs = [await client.complete(long_thread, "echo", f"while one is slow {n}") for n in range(3)]
        events = await heard(quick, runs[-1]["last_sequence"])

        late: list[Event] = []
        with suppress(ConnectionClosed):
            while len(late) < len(events):
                late.append(await slow.next_event())

    gapless(events)
    assert late == events


async def test_a_slow_reader_holds_up_nobody_else(client: Client, long_thread: str) -> None:
    thread = (await client.create_thread())["id"]
    async with slow_and_quick(client) as (slow, quick):
        last = (await slow.subscribe(long_thread, 0))["last_sequence"]
        with in_time("they wait for the slow one"):
            await quick.subscribe(long_thread, 0)
            assert [event["sequence"] for event in await heard(quick, last)] == list(range(1, last + 1))
            run = await quick.start_run(thread, "echo", "past the slow one")
            assert await quick.events_of(run["id"]) == await client.events(run["id"])

        assert (await slow.next_event())["sequence"] == 1
