"""``/agents``."""

from __future__ import annotations

from starlette.responses import Response

from suites.staging.answers import Json, nothing
from suites.staging.backend.agents import Agent, Agents
from suites.staging.backend.runs_api import FEATURE
from suites.staging.backend.tools import TOOLS
from suites.staging.pages import LIST_QUERY, listed
from suites.staging.resources import Action, Call, Resource
from suites.staging.validation import Choice, Field, Several, Shape, Text

_WRITE = "agents:write"
_FIELDS: dict[str, Field] = {
    "name": Text(100, strip=True),
    "instructions": Text(16_000),
    "tools": Several(Choice(tuple(TOOLS)), len(TOOLS)),
}
_NEW = Shape({name: _FIELDS[name] for name in ("name", "instructions")}, {"tools": _FIELDS["tools"]})
_CHANGES = Shape(optional=_FIELDS, least=1)


class AgentsApi:
    """Those of the caller's tenant."""

    def __init__(self, stored: Agents) -> None:
        self._agents = stored

    def resources(self) -> list[Resource]:
        """Its part of the table."""
        return [
            Resource(
                "/agents",
                {
                    "GET": Action(self.list, "The agents one has", query=LIST_QUERY),
                    "POST": Action(self.create, "Make an agent", _WRITE, _NEW, 201),
                },
                feature=FEATURE,
            ),
            Resource(
                "/agents/{id}",
                {
                    "GET": Action(self.show, "An agent"),
                    "PATCH": Action(self.change, "Change an agent", _WRITE, _CHANGES),
                    "DELETE": Action(self.delete, "Delete an agent", _WRITE, status=204),
                },
                feature=FEATURE,
            ),
        ]

    async def list(self, call: Call) -> Response:
        """A page of them, the built-in ones first."""
        return listed(call, "agents", self._agents.all(call.user.tenant), Agent.shown)

    async def create(self, call: Call) -> Response:
        """A new one."""
        agent = self._agents.add(call.user.tenant, await call.body())
        return Json(agent.shown(), 201, {"location": f"/agents/{agent.id}"})

    async def show(self, call: Call) -> Response:
        """One."""
        return Json(self._agents.find(call.user.tenant, call["id"]).shown())

    async def change(self, call: Call) -> Response:
        """A custom one."""
        self._agents.custom(call.user.tenant, call["id"])
        body = await call.body()
        agent = self._agents.custom(call.user.tenant, call["id"])
        return Json(self._agents.change(call.user.tenant, agent, body).shown())

    async def delete(self, call: Call) -> Response:
        """A custom one."""
        self._agents.remove(self._agents.custom(call.user.tenant, call["id"]))
        return nothing()
