"""Agent pipeline: from the request for a run, through its agent and tools, to a result that can be relied on."""

from __future__ import annotations

from suites.client import Client
from suites.expect import problem


async def test_a_run_is_accepted_as_queued_and_ends_completed(member: Client) -> None:
    thread = await member.create_thread()
    accepted = await member.post(f"/threads/{thread['id']}/runs", {"agent": "echo", "input": "all the way"})

    queued = accepted.json()
    assert accepted.status_code == 202
    assert accepted.headers["location"].endswith(f"/runs/{queued['id']}")
    assert (queued["status"], queued["agent"], queued["input"]) == ("queued", "echo", "all the way")
    assert (queued["thread_id"], queued["created_by"]) == (thread["id"], member.user["id"])
    assert [queued[name] for name in ("started_at", "finished_at", "result", "error")] == [None] * 4

    done = await member.finished(queued["id"])
    assert (done["status"], done["error"], done["result"]["text"]) == ("completed", None, "all the way")
    assert queued["created_at"] == done["created_at"] <= done["started_at"] <= done["finished_at"]
    assert done["last_sequence"] == len(await member.events(done["id"]))


async def test_there_is_a_result_only_of_a_run_that_has_completed(member: Client) -> None:
    thread = await member.create_thread()
    async with member.connect() as socket:
        long = await socket.start_run(thread["id"], "slow", "2000")
        problem(await member.get(f"/runs/{long['id']}/result"), 409, "not-finished")
        await socket.ask("cancel_run", run=long["id"])
        await socket.events_of(long["id"])
        problem(await member.get(f"/runs/{long['id']}/result"), 409, "no-result")

        run = await socket.start_run(thread["id"], "slow", "2")
        last = (await socket.events_of(run["id"]))[-1]

    result = await member.call("GET", f"/runs/{run['id']}/result")
    assert result == last["data"] == (await member.run(run["id"]))["result"]


async def test_usage_counts_the_words_that_went_in_and_out_and_the_tool_calls(member: Client) -> None:
    thread = await member.create_thread()
    run = await member.complete(thread["id"], "analyst", "first 1+1 then 2*3")

    assert run["result"] == {
        "text": "Results: 2, 6",
        "usage": {"input_tokens": 4, "output_tokens": 3, "total_tokens": 7, "tool_calls": 2},
    }


async def test_the_same_request_is_answered_the_same_way_every_time(member: Client) -> None:
    steps = []
    for _ in range(2):
        thread = await member.create_thread()
        run = await member.complete(thread["id"], "researcher", "how to plan a canary deploy")
        told = [(event["type"], event["sequence"], dict(event["data"])) for event in await member.events(run["id"])]
        for _type, _sequence, data in told:
            data.pop("call_id", None)
        steps.append((told, run["result"]))

    (told, result), again = steps
    assert (told, result) == again
    assert result["text"].startswith("Found 3: ")
    assert result["usage"]["tool_calls"] == 1


async def test_an_agent_of_the_tenants_own_making_works_like_a_built_in_one(client: Client, member: Client) -> None:
    made = await client.call("POST", "/agents", {"name": "scribe", "instructions": "Write.", "tools": ["word_count"]})
    try:
        assert (made["built_in"], made["tools"]) == (False, ["word_count"])
        thread = await member.create_thread()
        run = await member.complete(thread["id"], made["id"], "a changelog")
        assert (run["agent"], run["status"]) == (made["id"], "completed")
        assert run["result"]["text"] == "Draft: a changelog."
    finally:
        await client.delete(f"/agents/{made['id']}")


async def test_a_request_that_cannot_be_carried_out_leaves_no_run_behind(member: Client) -> None:
    thread = await member.create_thread()
    runs = f"/threads/{thread['id']}/runs"

    unknown = problem(await member.post(runs, {"agent": "nobody", "input": "hello"}), 422, "invalid")
    assert [error["pointer"] for error in unknown["errors"]] == ["/agent"]
    empty = problem(await member.post(runs, {"agent": "echo", "input": ""}), 422, "invalid")
    assert [error["pointer"] for error in empty["errors"]] == ["/input"]
    assert (await member.thread(thread["id"]))["active_run"] is None

    run = await member.complete(thread["id"], "echo", "hello")
    assert await member.everything(runs) == [run]
