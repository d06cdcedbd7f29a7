"""P3, orchestration: agents that hand work to each other, and what is seen of it from outside.

Covers the promises of `triage` and `coordinator`, of sub-runs and where their events lie, of failures
and cancellations that go up and down, of tools, and of several runs and several watchers at a time.
"""

from __future__ import annotations

import secrets
from typing import Any

import pytest

from suites.client import Client
from suites.expect import problem, types

QUESTION = "How is a canary deploy of 3 * 4 pods rolled back?"


async def orchestrate(user: Client, agent: str, input: str) -> tuple[dict[str, Any], list[Any], list[Any]]:
    """Let an agent work on a new thread; returns its run, the thread's events, and the runs it made below itself."""
    thread = (await user.create_thread())["id"]
    run = await user.complete(thread, agent, input)
    events = (await user.call("GET", f"/threads/{thread}/events"))["items"]
    below = [other for other in await user.everything(f"/threads/{thread}/runs") if other["id"] != run["id"]]
    return run, events, below


@pytest.mark.parametrize(
    ("input", "sub_agent", "text"),
    [
        ("Is it 6 * 7?", "analyst", "Results: 42"),
        ("zzz?", "researcher", "Found 0"),
        ("Tell the team", "writer", "Draft: Tell the team."),
    ],
    ids=["arithmetic-to-the-analyst", "a-question-to-the-researcher", "anything-else-to-the-writer"],
)
async def test_triage_hands_on_to_the_agent_that_fits(member: Client, input: str, sub_agent: str, text: str) -> None:
    run, _, below = await orchestrate(member, "triage", input)

    assert [(sub["agent"], sub["input"], sub["parent_run_id"]) for sub in below] == [(sub_agent, input, run["id"])]
    assert (run["status"], run["result"]["text"]) == ("completed", text)
    assert below[0]["result"]["text"] == text


async def test_the_coordinator_lets_three_agents_work_one_after_another(member: Client) -> None:
    run, events, below = await orchestrate(member, "coordinator", QUESTION)

    at_work = [(event["agent"], event["type"]) for event in events if event["parent_run_id"] == run["id"]]
    assert [step for step in at_work if step[1] in ("agent_started", "agent_completed")] == [
        (agent, type) for agent in ("researcher", "analyst", "writer") for type in ("agent_started", "agent_completed")
    ]
    assert [sub["agent"] for sub in below] == ["researcher", "analyst", "writer"]


async def test_the_coordinators_text_is_that_of_its_agents_joined(member: Client) -> None:
    run, events, below = await orchestrate(member, "coordinator", QUESTION)

    researched, analysed, written = (sub["result"]["text"] for sub in below)
    own = [event for event in events if event["run_id"] == run["id"]]
    pieces = [event["data"]["text"] for event in own if event["type"] == "partial_result"]

    assert (analysed, written) == ("Results: 12", f"Draft: {QUESTION}.")
    assert run["result"]["text"] == f"{researched} | {analysed} | {written}"
    assert "".join(pieces) == run["result"]["text"]


async def test_what_sub_agents_do_lies_between_their_parents_thinking_and_its_first_partial_result(
    member: Client,
) -> None:
    run, events, _ = await orchestrate(member, "coordinator", QUESTION)

    whose = ["parent" if event["run_id"] == run["id"] else "sub" for event in events]
    first, last = whose.index("sub"), len(whose) - 1 - whose[::-1].index("sub")

    assert types(events[:first]) == ["agent_started", "agent_thinking"]
    assert set(whose[first : last + 1]) == {"sub"}
    assert types(events[last + 1 :]) == ["partial_result", "agent_completed"]
    assert [event["sequence"] for event in events] == list(range(1, len(events) + 1))


async def test_a_sub_run_is_a_run_of_the_thread_like_any_other(member: Client) -> None:
    run, events, [sub] = await orchestrate(member, "triage", "2 * 2")

    assert await member.run(sub["id"]) == sub
    assert (sub["thread_id"], sub["status"], sub["created_by"]) == (run["thread_id"], "completed", member.user["id"])
    assert await member.events(sub["id"]) == [event for event in events if event["run_id"] == sub["id"]]
    assert (await member.call("GET", f"/runs/{sub['id']}/result"))["text"] == "Results: 4"


async def test_an_agent_fails_when_the_one_that_it_relied_on_fails(member: Client) -> None:
    run, events, [sub] = await orchestrate(member, "triage", "1 / 0")

    assert [(of["agent"], of["status"]) for of in (sub, run)] == [("analyst", "failed"), ("triage", "failed")]
    assert [of["error"]["code"] for of in (sub, run)] == ["tool_failed", "sub_agent_failed"]
    assert [(event["run_id"], event["data"]["code"]) for event in events if event["type"] == "agent_failed"] == [
        (sub["id"], "tool_failed"),
        (run["id"], "sub_agent_failed"),
    ]


async def test_a_coordinator_that_fails_does_not_go_on_to_the_next_agent(member: Client) -> None:
    run, events, below = await orchestrate(member, "coordinator", "What is 1 / 0?")

    assert [(sub["agent"], sub["status"]) for sub in below] == [("researcher", "completed"), ("analyst", "failed")]
    assert (run["status"], events[-1]["run_id"], events[-1]["type"]) == ("failed", run["id"], "agent_failed")
    assert run["error"]["code"] == "sub_agent_failed"


async def test_cancelling_an_agent_also_ends_the_work_that_it_handed_on(member: Client) -> None:
    thread = (await member.create_thread())["id"]
    async with member.connect(thread=thread, after=0) as socket:
        run = await member.start_run(thread, "triage", "word " * 3000)
        await socket.until(lambda frame: frame["type"] == "event" and frame["event"]["type"] == "partial_result")
        await member.cancel_run(run["id"])
        last = (await socket.events_of(run["id"]))[-1]

    runs = await member.everything(f"/threads/{thread}/runs")

    assert [(other["agent"], other["status"]) for other in runs] == [("triage", "cancelled"), ("writer", "cancelled")]
    assert (last["type"], last["data"]["code"]) == ("agent_failed", "cancelled")
    assert (await member.call("GET", f"/threads/{thread}/events"))["items"][-1] == last
    assert (await member.thread(thread))["active_run"] is None


async def test_one_thread_lets_one_agent_work_at_a_time_over_both_doors(member: Client) -> None:
    thread = (await member.create_thread())["id"]
    async with member.connect() as socket:
        run = await socket.start_run(thread, "slow", "2000")

        assert (await member.thread(thread))["active_run"] == run["id"]
        problem(await member.post(f"/threads/{thread}/runs", {"agent": "echo", "input": "me"}), 409, "run-in-progress")
        second = await socket.ask("start_run", thread=thread, agent="echo", input="me")
        assert (second["type"], second.get("code")) == ("error", "run-in-progress")

        await member.cancel_run(run["id"])
        await socket.events_of(run["id"])
        assert (await member.complete(thread, "echo", "me"))["result"]["text"] == "me"


async def test_agents_of_different_threads_work_side_by_side(member: Client) -> None:
    long, short = (await member.create_thread())["id"], (await member.create_thread())["id"]
    async with member.connect() as socket:
        slow = await socket.start_run(long, "slow", "2000")
        quick = await socket.start_run(short, "coordinator", QUESTION)
        done = (await socket.events_of(quick["id"]))[-1]
        meanwhile = await member.run(slow["id"])
        await member.cancel_run(slow["id"])

    assert done["type"] == "agent_completed"
    assert meanwhile["status"] in ("queued", "running")
    assert (await member.finished(slow["id"]))["status"] == "cancelled"


async def test_a_custom_agent_works_under_its_own_name_until_it_is_deleted(client: Client, member: Client) -> None:
    name = f"herald-{secrets.token_hex(4)}"
    made = await client.post("/agents", {"name": name, "instructions": "Announce it.", "tools": ["reverse"]})
    agent = made.json()
    run, events, _ = await orchestrate(member, agent["id"], "the deploy")
    deleted = await client.delete(f"/agents/{agent['id']}")

    assert (made.status_code, agent["name"], agent["tools"]) == (201, name, ["reverse"])
    assert run["result"]["text"] == "Draft: the deploy."
    assert {event["agent"] for event in events} == {agent["id"]}
    assert deleted.status_code == 204
    again = await member.post(f"/threads/{run['thread_id']}/runs", {"agent": agent["id"], "input": "the deploy"})
    problem(again, 422, "invalid")


async def test_an_agent_gets_from_a_tool_what_a_user_gets_from_it(member: Client) -> None:
    hits = (await member.call("POST", "/tools/search/invoke", {"arguments": {"query": "canary"}}))["result"]
    run, events, _ = await orchestrate(member, "researcher", "canary")

    executing, completed = (event["data"] for event in events if event["type"].startswith("tool_"))

    assert executing["arguments"] == {"query": "canary"}
    assert (executing["tool"], executing["call_id"]) == ("search", completed["call_id"])
    assert completed["result"] == hits
    titles = [hit["title"] for hit in hits["hits"]]
    assert titles
    assert run["result"]["text"] == f"Found {len(titles)}: {'; '.join(titles)}"


async def test_all_who_watch_a_thread_see_the_same_of_its_agents(client: Client, member: Client) -> None:
    thread = (await member.create_thread())["id"]
    async with member.connect(thread=thread, after=0) as owner, client.connect(thread=thread, after=0) as admin:
        run = await member.complete(thread, "coordinator", QUESTION)
        seen = [[await socket.next_event() for _ in range(run["last_sequence"])] for socket in (owner, admin)]

    assert seen[0] == seen[1]
    assert seen[0] == (await member.call("GET", f"/threads/{thread}/events"))["items"]
    assert {event["agent"] for event in seen[0]} == {"coordinator", "researcher", "analyst", "writer"}
