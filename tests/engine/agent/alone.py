"""Modules of the agent without its plugin: to import the package itself is to become a zygote."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType

from tui.engine.launcher import AGENT

SOURCES = sorted((AGENT / "stagewatch_agent").glob("*.py"))
_PACKAGE = "agent_alone"


def load(name: str) -> ModuleType:
    """A module, and those that it needs, of a package by another name whose ``__init__`` is never run."""
    if _PACKAGE not in sys.modules:
        package = ModuleType(_PACKAGE)
        package.__path__ = [str(AGENT / "stagewatch_agent")]
        sys.modules[_PACKAGE] = package
    return importlib.import_module(f"{_PACKAGE}.{name}")
