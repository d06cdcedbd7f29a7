"""One module of the agent without the rest: to import the package is to become a zygote."""

from __future__ import annotations

import importlib.util
from types import ModuleType

from tui.engine.launcher import AGENT

SOURCES = sorted((AGENT / "stagewatch_agent").glob("*.py"))


def load(name: str) -> ModuleType:
    """A module that needs no other of the agent."""
    spec = importlib.util.spec_from_file_location(f"agent_{name}", AGENT / "stagewatch_agent" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
