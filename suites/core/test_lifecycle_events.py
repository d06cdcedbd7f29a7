"""Lifecycle events: a run tells its whole life, from its start to exactly one end, in the documented order."""

from __future__ import annotations

import pytest

from suites.client import Client
from suites.expect import gapless, types


async def test_a_run_without_tools_starts_thinks_answers_and_completes(member: Client) -> None:
    thread = await member.create_thread()
    async with member.connect() as socket:
        run = await socket.start_run(thread["id"], "echo", "a short life")
        started, thinking, piece, completed = await socket.events_of(run["id"])

    assert (started["type"], started["data"]) == ("agent_started", {"input": "a short life"})
    assert thinking["type"] == "agent_thinking"
    assert list(thinking["data"]) == ["thought"]
    assert (piece["type"], piece["data"]["text"]) == ("partial_result", "a short life")
    assert completed["type"] == "agent_completed"
    assert completed["data"] == {
        "text": "a short life",
        "usage": {"input_tokens": 3, "output_tokens": 3, "total_tokens": 6, "tool_calls": 0},
    }


async def test_every_tool_call_is_a_pair_between_the_thought_and_the_answer(member: Client) -> None:
    thread = await member.create_thread()
    async with member.connect() as socket:
        run = await socket.start_run(thread["id"], "analyst", "1+2 and 3*4 and 9-5")
        events = await socket.events_of(run["id"])

    calls = ["tool_executing", "tool_completed"] * 3
    assert types(events) == ["agent_started", "agent_thinking", *calls, "partial_result", "agent_completed"]
    ids = [event["data"]["call_id"] for event in events if event["type"].startswith("tool_")]
    assert ids[0::2] == ids[1::2]
    assert len(set(ids)) == 3


@pytest.mark.parametrize(
    ("input", "before", "code"),
    [
        pytest.param("model", [], "model_error", id="in-its-model"),
        pytest.param("tool", ["tool_executing", "tool_completed"], "tool_failed", id="in-its-tool"),
    ],
)
async def test_a_run_that_fails_ends_with_its_failure_and_no_answer(
    member: Client, input: str, before: list[str], code: str
) -> None:
    thread = await member.create_thread()
    async with member.connect() as socket:
        run = await socket.start_run(thread["id"], "unreliable", input)
        events = await socket.events_of(run["id"])

    gapless(events)
    assert types(events) == ["agent_started", "agent_thinking", *before, "agent_failed"]
    assert [list(event["data"]) for event in events if event["type"] == "tool_completed"] == (
        [["tool", "call_id", "error"]] if before else []
    )
    assert events[-1]["data"]["code"] == code
    assert (await member.run(run["id"]))["error"] == events[-1]["data"]


async def test_nothing_comes_after_the_end_of_a_cancelled_run(member: Client) -> None:
    thread = await member.create_thread()
    async with member.connect() as socket:
        run = await socket.start_run(thread["id"], "slow", "2000")
        await socket.until(lambda frame: frame["type"] == "event" and frame["event"]["type"] == "partial_result")
        answer = await socket.ask("cancel_run", run=run["id"])
        assert (answer["type"], answer["run"]["id"]) == ("accepted", run["id"])
        end = (await socket.events_of(run["id"]))[-1]

        following = await socket.start_run(thread["id"], "echo", "what follows")
        assert (await socket.next_event())["run_id"] == following["id"]
        gapless(await socket.events_of(following["id"]), first=end["sequence"] + 2)

    assert (end["type"], end["data"]["code"]) == ("agent_failed", "cancelled")
    cancelled = await member.run(run["id"])
    assert (cancelled["status"], cancelled["last_sequence"]) == ("cancelled", end["sequence"])
    assert (await member.events(run["id"]))[-1] == end


async def test_what_an_event_tells_is_already_true_for_everybody(member: Client) -> None:
    thread = await member.create_thread()
    async with member.connect() as socket:
        run = await socket.start_run(thread["id"], "slow", "15")
        started = await socket.next_event()
        assert started["type"] == "agent_started"
        assert (await member.run(run["id"]))["status"] == "running"
        assert started in await member.events(run["id"])

        end = (await socket.events_of(run["id"]))[-1]
        assert end["type"] == "agent_completed"
        done = await member.run(run["id"])
        assert (done["status"], done["result"], done["last_sequence"]) == ("completed", end["data"], end["sequence"])
        assert (await member.events(run["id"]))[-1] == end
