"""Whether an interpreter can do what is asked of it: looked at only when pytest could not collect."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

OLDEST_PYTHON = (3, 9)
OLDEST_PYTEST = (7, 4)
_PATIENCE = 20.0
"""Seconds to answer; a loaded machine takes its time to start a process."""

_PROBE = """
import sys
sys.stdout.write("stagewatch:%d.%d:" % sys.version_info[:2])
try:
    import pytest
    sys.stdout.write(pytest.__version__)
except ImportError:
    sys.stdout.write("none")
"""
"""Runs in any Python there ever was."""


async def trouble(python: str, cwd: Path) -> str | None:
    """What is wrong with it, in one sentence; None when nothing is, or when it can't be told."""
    try:
        process = await asyncio.create_subprocess_exec(
            python, "-c", _PROBE,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
            cwd=cwd,
        )  # fmt: skip
    except OSError as error:
        return f"{python} can't be started ({error.strerror}); --python names the project's interpreter"
    try:
        answer, _ = await asyncio.wait_for(process.communicate(), _PATIENCE)
    except TimeoutError:
        process.kill()
        await process.wait()
        return f"{python} does not answer as a Python does; --python names the project's interpreter"
    said = re.search(rb"stagewatch:(\d+\.\d+):(\S+)", answer)
    if said is None:
        return f"{python} is no Python interpreter; --python names the project's"
    version, pytest = said[1].decode(), said[2].decode(errors="replace")
    if _numbers(version) < OLDEST_PYTHON:
        return f"{python} is Python {version}; tests can be run by 3.9 and newer (--python names another interpreter)"
    if pytest == "none":
        return f"{python} has no pytest: `{python} -m pip install pytest` installs it, --python names another"
    if is_old(pytest):
        return f"{python} has pytest {pytest}; 7.4 or newer is needed: `{python} -m pip install -U pytest` brings it"
    return None


def is_old(pytest: str) -> bool:
    """Whether a version of pytest is one that the agent does not know."""
    return _numbers(pytest) < OLDEST_PYTEST


def _numbers(version: str) -> tuple[int, ...]:
    """``9.2.0`` and ``9.2.0.dev1+g1`` as (9, 2); what is no version is taken for a new one."""
    found = re.match(r"(\d+)\.(\d+)", version)
    return (int(found[1]), int(found[2])) if found else (999,)
