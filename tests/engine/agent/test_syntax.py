"""The agent runs in the tested project's interpreter: Python 3.9 has to be able to read it."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from tests.engine.agent.alone import SOURCES

OURS = "stagewatch_agent"


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_it_parses_as_python_3_9(source: Path) -> None:
    ast.parse(source.read_text(encoding="utf-8"), feature_version=(3, 9))


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_it_imports_nothing_but_the_standard_library_and_pytest(source: Path) -> None:
    """Django, pytest-django and coverage are met only where the project has them."""
    imported: set[str] = set()
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            imported.add((node.module or "").partition(".")[0])
    assert imported - set(sys.stdlib_module_names) <= {"pytest", "_pytest", "django", "pytest_django", "coverage"}
