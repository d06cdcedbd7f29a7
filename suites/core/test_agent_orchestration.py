"""Agent orchestration: triage hands work to the agent that fits it, the coordinator has three work on it in turn."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from suites.client import Client
from suites.expect import gapless

Event = dict[str, Any]


async def _events_and_runs(member: Client, agent: str, input: str) -> tuple[list[Event], dict[str, Any], list[Event]]:
    """All events of a new thread with one request, its run, and the sub-agents' runs in the order they began."""
    thread = await member.create_thread()
    run = await member.complete(thread["id"], agent, input)
    events = (await member.call("GET", f"/threads/{thread['id']}/events"))["items"]
    begun = [event["run_id"] for event in events if event["type"] == "agent_started"]
    return events, run, [await member.run(id) for id in begun if id != run["id"]]


@pytest.mark.parametrize(
    ("input", "expert", "text"),
    [
        pytest.param("what is 12/4 really?", "analyst", "Results: 3", id="arithmetic-to-the-analyst"),
        pytest.param("zebra crossing?", "researcher", "Found 0", id="a-question-to-the-researcher"),
        pytest.param("the release notes", "writer", "Draft: the release notes.", id="all-else-to-the-writer"),
    ],
)
async def test_triage_hands_the_work_to_the_agent_that_fits(member: Client, input: str, expert: str, text: str) -> None:
    _, run, experts = await _events_and_runs(member, "triage", input)

    assert [(by["agent"], by["input"], by["result"]["text"]) for by in experts] == [(expert, input, text)]
    assert run["result"]["text"] == text


async def test_the_coordinator_has_three_agents_work_one_after_another(member: Client) -> None:
    events, run, experts = await _events_and_runs(member, "coordinator", "zebra 2*21")

    assert [by["agent"] for by in experts] == ["researcher", "analyst", "writer"]
    assert run["result"]["text"] == "Found 0 | Results: 42 | Draft: zebra 2*21."
    spans = [[event["sequence"] for event in events if event["run_id"] == by["id"]] for by in experts]
    assert all(before[-1] < after[0] for before, after in pairwise(spans)), spans


async def test_sub_agents_work_between_their_parents_thought_and_its_answer(member: Client) -> None:
    events, run, _ = await _events_and_runs(member, "coordinator", "what is 1+1?")

    gapless(events)
    parents = [(event["type"], event["sequence"]) for event in events if event["run_id"] == run["id"]]
    thought = dict(parents)["agent_thinking"]
    answer = next(sequence for type, sequence in parents if type == "partial_result")
    between = [event for event in events if event["run_id"] != run["id"]]
    assert [event["sequence"] for event in between] == list(range(thought + 1, answer))
    assert {event["parent_run_id"] for event in between} == {run["id"]}


async def test_a_sub_agents_run_is_a_run_of_its_own(member: Client) -> None:
    _, run, (expert,) = await _events_and_runs(member, "triage", "7-2")

    assert (expert["parent_run_id"], run["parent_run_id"]) == (run["id"], None)
    assert (expert["thread_id"], expert["status"]) == (run["thread_id"], "completed")
    assert {event["run_id"] for event in await member.events(expert["id"])} == {expert["id"]}
    listed = await member.everything(f"/threads/{run['thread_id']}/runs")
    assert [of["id"] for of in listed] == [run["id"], expert["id"]]
