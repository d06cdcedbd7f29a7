"""Agents: the built-in ones, and those a tenant makes."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from suites.staging import ids
from suites.staging.database import Database
from suites.staging.problems import Problem, not_found


@dataclass(frozen=True)
class Agent:
    """``kind``: the built-in agent that it works like."""

    id: str
    name: str
    description: str
    instructions: str
    kind: str
    tools: tuple[str, ...] = ()
    sub_agents: tuple[str, ...] = ()
    version: int = 1
    built_in: bool = True

    def shown(self) -> dict[str, Any]:
        """As a client sees it."""
        return {
            "id": self.id,
            "name": self.name,
            "description": self.description,
            "version": self.version,
            "built_in": self.built_in,
            "tools": list(self.tools),
            "sub_agents": list(self.sub_agents),
            "instructions": self.instructions,
        }


def _built_in(name: str, description: str, tools: tuple[str, ...] = (), sub_agents: tuple[str, ...] = ()) -> Agent:
    return Agent(name, name, description, description, name, tools, sub_agents)


BUILT_IN = {
    agent.id: agent
    for agent in (
        _built_in("echo", "Says what it is told."),
        _built_in("triage", "Hands an input to the agent it is for.", (), ("analyst", "researcher", "writer")),
        _built_in("researcher", "Finds titles about deploys.", ("search",)),
        _built_in("analyst", "Computes what there is to compute.", ("calculator",)),
        _built_in("writer", "Writes a draft."),
        _built_in("coordinator", "Has others research, compute and write.", (), ("researcher", "analyst", "writer")),
        _built_in("unreliable", "Fails in the way it is told to.", ("broken",)),
        _built_in("slow", "Takes its time."),
    )
}


class Agents:
    """Those that a tenant has."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self, tenant: str) -> list[tuple[int, Agent]]:
        """With their positions in the order of creation; the built-in ones were there before everything."""
        rows = self._database.all("SELECT * FROM agents WHERE tenant = ? ORDER BY n", tenant)
        built_in = [(n - len(BUILT_IN), agent) for n, agent in enumerate(BUILT_IN.values())]
        return [*built_in, *((row["n"], _custom(row)) for row in rows)]

    def get(self, tenant: str, agent: str) -> Agent | None:
        """The one of this id, if the tenant has it."""
        if (built_in := BUILT_IN.get(agent)) is not None:
            return built_in
        row = self._database.one("SELECT * FROM agents WHERE id = ? AND tenant = ?", agent, tenant)
        return None if row is None else _custom(row)

    def find(self, tenant: str, agent: str) -> Agent:
        """The same. Raises 404."""
        if (found := self.get(tenant, agent)) is None:
            raise not_found("There is no such agent.")
        return found

    def custom(self, tenant: str, agent: str) -> Agent:
        """The same, of one that can be changed. Raises 404, and 409 for a built-in one."""
        found = self.find(tenant, agent)
        if found.built_in:
            raise Problem(409, "built-in", "A built-in agent cannot be changed or deleted.")
        return found

    def add(self, tenant: str, values: Mapping[str, Any]) -> Agent:
        """A new one of the tenant."""
        agent = ids.new("agt")
        self._database.run(
            "INSERT INTO agents (id, tenant, name, instructions, tools) VALUES (?, ?, ?, ?, ?)",
            *(agent, tenant, values["name"], values["instructions"], json.dumps(values.get("tools", []))),
        )
        return self.find(tenant, agent)

    def change(self, tenant: str, agent: Agent, changes: Mapping[str, Any]) -> Agent:
        """With another name, instructions or tools; its version rises."""
        self._database.run(
            "UPDATE agents SET name = ?, instructions = ?, tools = ?, version = version + 1 WHERE id = ?",
            changes.get("name", agent.name),
            changes.get("instructions", agent.instructions),
            json.dumps(changes.get("tools", agent.tools)),
            agent.id,
        )
        return self.find(tenant, agent.id)

    def remove(self, agent: Agent) -> None:
        """For good."""
        self._database.run("DELETE FROM agents WHERE id = ?", agent.id)


def _custom(row: sqlite3.Row) -> Agent:
    return Agent(
        id=row["id"],
        name=row["name"],
        description="Made by the tenant.",
        instructions=row["instructions"],
        kind="writer",
        tools=tuple(json.loads(row["tools"])),
        version=row["version"],
        built_in=False,
    )
