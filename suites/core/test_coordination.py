"""Coordination: agents, runs and people that meet in one thread, or work side by side in several."""

from __future__ import annotations

from suites.client import Client
from suites.expect import gapless, problem


async def test_a_sub_agents_failure_is_its_parents_failure(member: Client) -> None:
    thread = await member.create_thread()
    run = await member.complete(thread["id"], "triage", "1/0")

    assert (run["status"], run["result"]) == ("failed", None)
    assert run["error"]["code"] == "sub_agent_failed"
    events = (await member.call("GET", f"/threads/{thread['id']}/events"))["items"]
    ends = [(event["agent"], event["data"]["code"]) for event in events if event["type"] == "agent_failed"]
    assert ends == [("analyst", "tool_failed"), ("triage", "sub_agent_failed")]


async def test_the_coordinator_stops_at_the_first_agent_that_fails(member: Client) -> None:
    thread = await member.create_thread()
    run = await member.complete(thread["id"], "coordinator", "deploy 1/0")

    runs = await member.everything(f"/threads/{thread['id']}/runs")
    assert [(of["agent"], of["status"]) for of in runs] == [
        ("coordinator", "failed"),
        ("researcher", "completed"),
        ("analyst", "failed"),
    ]
    assert run["error"]["code"] == "sub_agent_failed"


async def test_a_thread_has_one_run_at_a_time(member: Client) -> None:
    thread = await member.create_thread()
    request = {"agent": "echo", "input": "my turn"}
    async with member.connect() as socket:
        first = await socket.start_run(thread["id"], "slow", "2000")
        assert (await member.thread(thread["id"]))["active_run"] == first["id"]
        problem(await member.post(f"/threads/{thread['id']}/runs", request), 409, "run-in-progress")
        refused = await socket.ask("start_run", thread=thread["id"], **request)
        assert (refused["type"], refused.get("code")) == ("error", "run-in-progress")

        await socket.ask("cancel_run", run=first["id"])
        await socket.events_of(first["id"])
        second = await socket.start_run(thread["id"], **request)
        assert (await socket.events_of(second["id"]))[-1]["data"]["text"] == "my turn"


async def test_runs_in_two_threads_go_on_side_by_side(member: Client) -> None:
    here, there = await member.create_thread("here"), await member.create_thread("there")
    async with member.connect() as socket:
        long = await socket.start_run(here["id"], "slow", "200")
        short = await socket.start_run(there["id"], "slow", "3")
        done = await socket.events_of(short["id"])
        meanwhile = await member.run(long["id"])
        await socket.ask("cancel_run", run=long["id"])

    assert done[-1]["data"]["text"] == "tick 1 tick 2 tick 3 "
    assert meanwhile["status"] == "running"
    gapless(done)


async def test_everybody_who_watches_a_thread_sees_the_same(member: Client, viewer: Client, client: Client) -> None:
    thread = await member.create_thread()
    async with member.connect() as own, viewer.connect() as viewers, client.connect() as admins:
        for socket in (own, viewers, admins):
            assert (await socket.subscribe(thread["id"]))["type"] == "subscribed"
        run = await own.start_run(thread["id"], "coordinator", "deploy 3*3")
        seen = await own.events_of(run["id"])

        assert seen[-1]["type"] == "agent_completed"
        assert await viewers.events_of(run["id"]) == seen
        assert await admins.events_of(run["id"]) == seen


async def test_each_run_of_a_thread_goes_on_where_the_one_before_ended(member: Client) -> None:
    thread = await member.create_thread()
    first = await member.complete(thread["id"], "triage", "the plan")
    second = await member.complete(thread["id"], "echo", "the act")

    assert (await member.events(second["id"]))[0]["sequence"] == first["last_sequence"] + 1
    events = (await member.call("GET", f"/threads/{thread['id']}/events"))["items"]
    gapless(events)
    assert events[-1]["sequence"] == second["last_sequence"]
    answers = [message["content"] for message in await member.messages(thread["id"])]
    assert answers == ["Draft: the plan.", "the act"]
