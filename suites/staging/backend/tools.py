"""The tools: what they take, and what they do. They are built in; a tenant can switch them off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from suites.staging.backend import calculator
from suites.staging.backend.search import search
from suites.staging.database import Database
from suites.staging.validation import Shape, Text, Whole

_TEXT = Text(16_000, 0)
_DEFAULT_HITS = 3


class ToolFailed(Exception):
    """It could not do it; the text says why."""


@dataclass(frozen=True)
class Tool:
    """``run`` takes checked arguments, and raises :class:`ToolFailed`."""

    id: str
    description: str
    parameters: Shape
    run: Callable[[dict[str, Any]], dict[str, Any]]

    def shown(self, enabled: bool) -> dict[str, Any]:
        """As a client sees it."""
        return {
            "id": self.id,
            "description": self.description,
            "parameters": self.parameters.schema(),
            "enabled": enabled,
        }


def _calculator(arguments: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"value": calculator.value(arguments["expression"])}
    except calculator.CannotCompute as cannot:
        raise ToolFailed(str(cannot)) from None


def _search(arguments: dict[str, Any]) -> dict[str, Any]:
    return {"hits": search(arguments["query"], arguments.get("limit", _DEFAULT_HITS))}


def _word_count(arguments: dict[str, Any]) -> dict[str, Any]:
    return {"words": len(arguments["text"].split()), "characters": len(arguments["text"])}


def _reverse(arguments: dict[str, Any]) -> dict[str, Any]:
    return {"text": arguments["text"][::-1]}


def _broken(arguments: dict[str, Any]) -> dict[str, Any]:
    raise ToolFailed("this tool is broken")


_ALL = (
    Tool("calculator", "Computes arithmetic.", Shape({"expression": Text(calculator.LONGEST)}), _calculator),
    Tool("search", "Finds titles about deploys.", Shape({"query": Text(16_000)}, {"limit": Whole(1, 10)}), _search),
    Tool("word_count", "Counts words and characters.", Shape({"text": _TEXT}), _word_count),
    Tool("reverse", "Turns a text around.", Shape({"text": _TEXT}), _reverse),
    Tool("broken", "Always fails.", Shape(), _broken),
)
TOOLS = {tool.id: tool for tool in _ALL}


class ToolSwitches:
    """Which tools a tenant has switched off."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def enabled(self, tenant: str, tool: str) -> bool:
        """Whether the tenant may use it."""
        sql = "SELECT 1 FROM disabled_tools WHERE tenant = ? AND tool = ?"
        return self._database.one(sql, tenant, tool) is None

    def switch(self, tenant: str, tool: str, enabled: bool) -> None:
        """On or off, for a tenant."""
        if enabled:
            self._database.run("DELETE FROM disabled_tools WHERE tenant = ? AND tool = ?", tenant, tool)
        else:
            self._database.run("INSERT OR IGNORE INTO disabled_tools (tenant, tool) VALUES (?, ?)", tenant, tool)
