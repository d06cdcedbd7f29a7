"""``/tools``."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from suites.staging.answers import Json
from suites.staging.backend.runs_api import RUN
from suites.staging.backend.tools import TOOLS, Tool, ToolFailed, ToolSwitches
from suites.staging.pages import LIST_QUERY, listed
from suites.staging.problems import Problem, not_found
from suites.staging.resources import Action, Call, Resource
from suites.staging.validation import Flag, Shape, checked


class _Anything:
    """Checked later, by the tool's own schema."""

    def check(self, value: Any) -> Any:
        return value

    def schema(self) -> dict[str, Any]:
        return {"type": "object"}


_INVOKE = Shape({"arguments": _Anything()})
_SWITCH = Shape({"enabled": Flag()})


class ToolsApi:
    """The tools, as the caller's tenant has them."""

    def __init__(self, switches: ToolSwitches) -> None:
        self._switches = switches

    def resources(self) -> list[Resource]:
        """Its part of the table."""
        return [
            Resource("/tools", {"GET": Action(self.list, "The tools", query=LIST_QUERY)}),
            Resource(
                "/tools/{id}",
                {
                    "GET": Action(self.show, "A tool"),
                    "PATCH": Action(self.switch, "Switch a tool on or off", "tenant:write", _SWITCH),
                },
            ),
            Resource("/tools/{id}/invoke", {"POST": Action(self.invoke, "Use a tool", RUN, _INVOKE)}),
        ]

    async def list(self, call: Call) -> Response:
        """A page of them."""
        return listed(call, "tools", enumerate(TOOLS.values(), 1), lambda tool: self._shown(call, tool))

    async def show(self, call: Call) -> Response:
        """One."""
        return Json(self._shown(call, _find(call)))

    async def switch(self, call: Call) -> Response:
        """On or off, for the tenant."""
        tool = _find(call)
        self._switches.switch(call.user.tenant, tool.id, (await call.body())["enabled"])
        return Json(self._shown(call, tool))

    async def invoke(self, call: Call) -> Response:
        """What it makes of some arguments."""
        tool = _find(call)
        given = (await call.body())["arguments"]
        arguments = checked(tool.parameters, given, "/arguments")
        if not self._switches.enabled(call.user.tenant, tool.id):
            raise Problem(409, "tool-disabled", "Your tenant has switched this tool off.")
        try:
            return Json({"result": tool.run(arguments)})
        except ToolFailed as failed:
            raise Problem(502, "tool-failed", f"The tool failed: {failed}.") from None

    def _shown(self, call: Call, tool: Tool) -> dict[str, Any]:
        return tool.shown(self._switches.enabled(call.user.tenant, tool.id))


def _find(call: Call) -> Tool:
    if (tool := TOOLS.get(call["id"])) is None:
        raise not_found("There is no such tool.")
    return tool
