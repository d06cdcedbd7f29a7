"""Tools, called by hand and by agents, and agents that hand work to others.

Promised: what each tool computes and refuses, that a disabled tool is nobody's until it is enabled
again, which tools and sub-agents an agent uses for what, and in which order the thread tells of it.
"""

from __future__ import annotations

from typing import Any

import pytest

from suites.client import Client, Environment
from suites.expect import gapless, problem, types

Json = dict[str, Any]


async def invoke(client: Client, tool: str, **arguments: Any) -> Any:
    """What a tool makes of its arguments."""
    return (await client.call("POST", f"/tools/{tool}/invoke", {"arguments": arguments}))["result"]


async def ran(client: Client, agent: str, input: str) -> tuple[Json, list[Json]]:
    """A run of an agent on a new thread, at its end, and all that the thread tells of it."""
    thread = (await client.create_thread())["id"]
    run = await client.complete(thread, agent, input)
    return run, (await client.call("GET", f"/threads/{thread}/events"))["items"]


def ending(run: Json) -> tuple[str, str | None]:
    """What became of a run: its status, and its error's code if it has one."""
    return run["status"], (run["error"] or {}).get("code")


def of(events: list[Json], **wanted: str | None) -> list[Json]:
    """The events that have all these fields."""
    return [event for event in events if all(event[name] == value for name, value in wanted.items())]


# Tools, by hand -----------------------------------------------------------------------------------------------------


async def test_the_tools_are_listed_with_a_schema_of_their_parameters(member: Client) -> None:
    tools = {tool["id"]: tool for tool in await member.everything("/tools")}

    parameters = {id: sorted(tool["parameters"]["properties"]) for id, tool in tools.items()}
    assert parameters == {
        "calculator": ["expression"],
        "search": ["limit", "query"],
        "word_count": ["text"],
        "reverse": ["text"],
        "broken": [],
    }
    assert all(tool["parameters"]["type"] == "object" and tool["description"] for tool in tools.values())
    assert tools["search"]["parameters"]["required"] == ["query"]
    assert (await member.get("/tools/search")).json() == tools["search"]


async def test_the_calculator_keeps_the_rules_of_arithmetic(member: Client) -> None:
    for expression, value in {
        "2 + 3 * 4": 14,
        "(2 + 3) * 4": 20,
        "10 - 4 - 3": 3,
        "7 / 2": 3.5,
        "2 * (3 + (4 - 1))": 12,
        "1.5 * 4": 6,
    }.items():
        assert await invoke(member, "calculator", expression=expression) == {"value": value}, expression


async def test_a_tool_that_fails_is_told_from_one_that_is_called_wrongly(member: Client) -> None:
    failing: dict[str, Json] = {"calculator": {"expression": "1 / (2 - 2)"}, "broken": {}}

    for tool, arguments in failing.items():
        failed = await member.post(f"/tools/{tool}/invoke", {"arguments": arguments})
        problem(failed, 502, "tool-failed")
        wrongly = await member.post(f"/tools/{tool}/invoke", {"arguments": {"colour": "red"}})
        problem(wrongly, 422, "invalid")


async def test_arguments_that_break_the_schema_are_refused_before_the_tool_is_called(member: Client) -> None:
    assert await invoke(member, "search", query="deploy", limit=1) != {"hits": []}

    for arguments in ({}, {"query": 7}, {"query": "deploy", "limit": 11}, {"query": "deploy", "limit": 0}):
        refused = problem(await member.post("/tools/search/invoke", {"arguments": arguments}), 422, "invalid")
        assert refused["errors"][0]["pointer"].startswith("/arguments"), arguments


async def test_a_search_gives_the_best_titles_first(member: Client) -> None:
    query = "failed deploy in staging"
    every = (await invoke(member, "search", query=query, limit=10))["hits"]

    assert len(every) > 3
    assert every == sorted(every, key=lambda hit: (-hit["score"], hit["title"]))
    assert every[0]["score"] > every[-1]["score"]
    assert all({*query.split()} & {*hit["title"].lower().split()} for hit in every)
    assert (await invoke(member, "search", query=query))["hits"] == every[:3]
    assert (await invoke(member, "search", query="DEPLOY!"))["hits"]
    assert await invoke(member, "search", query="zebra") == {"hits": []}


async def test_the_text_tools_count_and_turn_characters_not_bytes(member: Client) -> None:
    assert await invoke(member, "word_count", text="über  alle\nMaßen") == {"words": 3, "characters": 16}
    assert await invoke(member, "word_count", text="") == {"words": 0, "characters": 0}
    assert await invoke(member, "reverse", text="Grüße") == {"text": "eßürG"}


async def test_a_tool_that_there_is_not_can_be_neither_read_nor_called(member: Client) -> None:
    assert await invoke(member, "reverse", text="ab") == {"text": "ba"}

    problem(await member.get("/tools/hacksaw"), 404, "not-found")
    problem(await member.post("/tools/hacksaw/invoke", {"arguments": {"text": "ab"}}), 404, "not-found")


# A tool that is switched off: in an environment of one's own, since others would miss it ------------------------------


@pytest.mark.own_environment
async def test_a_disabled_tool_is_not_called_until_it_is_enabled_again(own_client: Client) -> None:
    disabled = await own_client.patch("/tools/reverse", {"enabled": False})
    assert (disabled.status_code, disabled.json()["enabled"]) == (200, False)

    refused = await own_client.post("/tools/reverse/invoke", {"arguments": {"text": "ab"}})
    problem(refused, 409, "tool-disabled")

    assert (await own_client.patch("/tools/reverse", {"enabled": True})).json()["enabled"] is True
    assert await invoke(own_client, "reverse", text="ab") == {"text": "ba"}


@pytest.mark.own_environment
async def test_a_tool_is_disabled_for_one_tenant_only(own: Environment, own_client: Client) -> None:
    other = await Client.login(own.target, own_client.http, own.target.second_user, own.target.second_password)

    await own_client.call("PATCH", "/tools/word_count", {"enabled": False})

    refused = await own_client.post("/tools/word_count/invoke", {"arguments": {"text": "a b"}})
    problem(refused, 409, "tool-disabled")
    assert (await other.call("GET", "/tools/word_count"))["enabled"] is True
    assert await invoke(other, "word_count", text="a b") == {"words": 2, "characters": 3}


@pytest.mark.own_environment
async def test_an_agent_whose_tool_is_disabled_fails_and_so_does_who_sent_it(own_client: Client) -> None:
    assert (await ran(own_client, "researcher", "deploy"))[0]["status"] == "completed"

    await own_client.call("PATCH", "/tools/search", {"enabled": False})

    researcher, events = await ran(own_client, "researcher", "deploy")
    assert ending(researcher) == ("failed", "tool_disabled")
    assert events[-1]["data"]["code"] == "tool_disabled"
    coordinator, _ = await ran(own_client, "coordinator", "deploy")
    assert ending(coordinator) == ("failed", "sub_agent_failed")


# Agents that use tools ------------------------------------------------------------------------------------------------


async def test_an_analyst_computes_every_expression_in_turn(member: Client) -> None:
    run, events = await ran(member, "analyst", "first 2 + 3 and then (4 - 1) * 2 please")

    assert run["result"]["text"] == "Results: 5, 6"
    assert run["result"]["usage"]["tool_calls"] == 2
    called = [event["data"] for event in of(events, type="tool_executing")]
    completed = [event["data"] for event in of(events, type="tool_completed")]
    assert [(call["tool"], call["arguments"]) for call in called] == [
        ("calculator", {"expression": "2 + 3"}),
        ("calculator", {"expression": "(4 - 1) * 2"}),
    ]
    assert [(call["call_id"], call["result"]) for call in completed] == [
        (called[0]["call_id"], {"value": 5}),
        (called[1]["call_id"], {"value": 6}),
    ]
    assert called[0]["call_id"] != called[1]["call_id"]


async def test_an_analyst_without_an_expression_calls_no_tool(member: Client) -> None:
    run, events = await ran(member, "analyst", "words alone, and a lonely 7")

    assert ending(run) == ("completed", None)
    assert run["result"]["text"] == "Nothing to compute"
    assert run["result"]["usage"]["tool_calls"] == 0
    assert types(events) == ["agent_started", "agent_thinking", "partial_result", "agent_completed"]


async def test_a_researcher_reports_what_the_search_tool_finds(member: Client) -> None:
    found = await invoke(member, "search", query="staging deploys")
    titles = [hit["title"] for hit in found["hits"]]
    assert len(titles) > 1

    run, events = await ran(member, "researcher", "staging deploys")

    assert run["result"]["text"] == f"Found {len(titles)}: {'; '.join(titles)}"
    (called,) = of(events, type="tool_executing")
    assert (called["data"]["tool"], called["data"]["arguments"]) == ("search", {"query": "staging deploys"})
    (completed,) = of(events, type="tool_completed")
    assert completed["data"]["result"] == found
    assert (await ran(member, "researcher", "zebra"))[0]["result"]["text"] == "Found 0"


# Agents that hand work to others --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("input", "sub_agent"),
    [("What is 6 * 7?", "analyst"), ("What is a canary?", "researcher"), ("Announce the rollback", "writer")],
)
async def test_triage_hands_the_work_to_the_one_it_is_for(member: Client, input: str, sub_agent: str) -> None:
    run, events = await ran(member, "triage", input)
    alone, _ = await ran(member, sub_agent, input)

    handed = of(events, type="agent_started", parent_run_id=run["id"])
    assert [event["agent"] for event in handed] == [sub_agent]
    assert run["result"]["text"] == alone["result"]["text"]
    assert (await member.run(handed[0]["run_id"]))["result"] == alone["result"]


async def test_a_coordinator_lets_three_work_one_after_another(member: Client) -> None:
    input = "rollback 12 of 3 + 4"

    run, events = await ran(member, "coordinator", input)

    turns = [
        (event["agent"], event["type"]) for event in events if event["type"] in ("agent_started", "agent_completed")
    ]
    assert turns == [
        ("coordinator", "agent_started"),
        *(
            (agent, type)
            for agent in ("researcher", "analyst", "writer")
            for type in ("agent_started", "agent_completed")
        ),
        ("coordinator", "agent_completed"),
    ]
    parts = [(await ran(member, agent, input))[0]["result"]["text"] for agent in ("researcher", "analyst", "writer")]
    assert run["result"]["text"] == " | ".join(parts)


async def test_sub_agents_run_on_the_thread_of_who_sent_them(member: Client) -> None:
    run, events = await ran(member, "coordinator", "deploy")

    runs = await member.everything(f"/threads/{run['thread_id']}/runs")
    assert [(other["agent"], other["parent_run_id"], other["status"]) for other in runs] == [
        ("coordinator", None, "completed"),
        ("researcher", run["id"], "completed"),
        ("analyst", run["id"], "completed"),
        ("writer", run["id"], "completed"),
    ]
    gapless(events)
    assert {event["run_id"] for event in events} == {other["id"] for other in runs}
    assert {event["thread_id"] for event in events} == {run["thread_id"]}


async def test_sub_agents_are_heard_between_a_parents_thought_and_its_result(member: Client) -> None:
    run, events = await ran(member, "triage", "Announce it")

    own = of(events, run_id=run["id"])
    sub = of(events, parent_run_id=run["id"])
    assert types(own) == types(sub) == ["agent_started", "agent_thinking", "partial_result", "agent_completed"]
    assert own[1]["sequence"] < sub[0]["sequence"]
    assert sub[-1]["sequence"] < own[2]["sequence"]
    assert "".join(event["data"]["text"] for event in of(own, type="partial_result")) == run["result"]["text"]


async def test_a_parent_fails_when_its_sub_agent_does(member: Client) -> None:
    run, events = await ran(member, "triage", "What is 1 / 0?")

    assert ending(run) == ("failed", "sub_agent_failed")
    assert run["result"] is None
    ends = [(event["agent"], event["data"]["code"]) for event in of(events, type="agent_failed")]
    assert ends == [("analyst", "tool_failed"), ("triage", "sub_agent_failed")]
    (completed,) = of(events, type="tool_completed")
    assert "error" in completed["data"]
    assert "result" not in completed["data"]
