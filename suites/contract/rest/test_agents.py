"""Agents over REST: the built-in ones as they are told, and a tenant's own from its making to its end."""

from __future__ import annotations

import re
import secrets
from collections.abc import AsyncIterator
from typing import Any

import pytest

from suites.client import Client
from suites.expect import problem


@pytest.fixture
async def agent(client: Client) -> AsyncIterator[dict[str, Any]]:
    """A new agent of the tenant."""
    body = {"name": f"notes-{secrets.token_hex(4)}", "instructions": "Write notes.", "tools": ["search"]}
    agent = await client.call("POST", "/agents", body)
    yield agent
    await client.delete(f"/agents/{agent['id']}")


async def test_the_built_in_agents_are_listed_with_what_they_use(member: Client) -> None:
    agents = {agent["id"]: agent for agent in await member.everything("/agents") if agent["built_in"]}

    assert {id: (agent["name"], agent["tools"], agent["sub_agents"]) for id, agent in agents.items()} == {
        "echo": ("echo", [], []),
        "triage": ("triage", [], ["analyst", "researcher", "writer"]),
        "researcher": ("researcher", ["search"], []),
        "analyst": ("analyst", ["calculator"], []),
        "writer": ("writer", [], []),
        "coordinator": ("coordinator", [], ["researcher", "analyst", "writer"]),
        "unreliable": ("unreliable", ["broken"], []),
        "slow": ("slow", [], []),
    }
    for id, agent in agents.items():
        assert (await member.get(f"/agents/{id}")).json() == agent


async def test_a_new_agent_is_told_whole_and_runs_like_a_writer(client: Client, member: Client) -> None:
    name = f"notes-{secrets.token_hex(4)}"
    response = await client.post("/agents", {"name": name, "instructions": "Write notes.", "tools": ["search"]})

    assert response.status_code == 201
    agent = response.json()
    assert re.fullmatch(r"agt_[a-z0-9]{20}", agent["id"])
    assert set(agent) >= {"id", "name", "description", "version", "built_in", "tools", "sub_agents", "instructions"}
    assert (agent["name"], agent["built_in"], agent["tools"]) == (name, False, ["search"])
    assert agent["instructions"] == "Write notes."
    assert response.headers["location"] == f"/agents/{agent['id']}"
    assert (await member.get(response.headers["location"])).json() == agent
    run = await member.complete((await member.create_thread())["id"], agent["id"], "all is well")
    assert run["result"]["text"] == "Draft: all is well."


async def test_an_agent_is_changed_and_then_deleted_for_good(
    client: Client, member: Client, agent: dict[str, Any]
) -> None:
    path = f"/agents/{agent['id']}"

    changed = await client.patch(path, {"instructions": "Write less.", "tools": []})
    assert changed.status_code == 200
    assert (changed.json()["instructions"], changed.json()["tools"]) == ("Write less.", [])
    assert changed.json()["name"] == agent["name"]
    assert (await member.get(path)).json() == changed.json()

    assert (await client.delete(path)).status_code == 204
    problem(await member.get(path), 404, "not-found")
    thread = (await member.create_thread())["id"]
    refused = await member.post(f"/threads/{thread}/runs", {"agent": agent["id"], "input": "hello"})
    assert problem(refused, 422, "invalid")["errors"][0]["pointer"] == "/agent"


async def test_a_built_in_agent_is_neither_changed_nor_deleted(client: Client, agent: dict[str, Any]) -> None:
    before = (await client.get("/agents/writer")).json()

    problem(await client.patch("/agents/writer", {"instructions": "Rhyme."}), 409, "built-in")
    problem(await client.delete("/agents/writer"), 409, "built-in")

    assert (await client.get("/agents/writer")).json() == before
    assert (await client.patch(f"/agents/{agent['id']}", {"instructions": "Rhyme."})).status_code == 200


async def test_an_agent_is_given_only_tools_that_there_are(client: Client, agent: dict[str, Any]) -> None:
    assert agent["tools"] == ["search"]
    name = f"notes-{secrets.token_hex(4)}"

    made = await client.post("/agents", {"name": name, "instructions": "Saw.", "tools": ["search", "hacksaw"]})
    changed = await client.patch(f"/agents/{agent['id']}", {"tools": ["hacksaw"]})

    for refused in (made, changed):
        assert problem(refused, 422, "invalid")["errors"][0]["pointer"].startswith("/tools")
    assert name not in [other["name"] for other in await client.everything("/agents")]
    assert (await client.get(f"/agents/{agent['id']}")).json()["tools"] == ["search"]
