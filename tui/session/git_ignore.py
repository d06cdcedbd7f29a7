"""What git ignores in a project is nobody's work: written by tools and tests, not saved by a person."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

_PATIENCE = 5.0
"""Seconds that git gets to answer."""


async def not_ignored(root: Path, paths: Sequence[str], marks: Mapping[str, str]) -> list[str]:
    """The paths that git does not ignore; all of them where there is no repository, or no git.

    ``marks``: variables by which git is known for no test's process.
    """
    if not paths:
        return []
    with suppress(OSError, TimeoutError):
        ignored = await asyncio.wait_for(asyncio.to_thread(_ignored, root, paths, marks), 2 * _PATIENCE)
        return [path for path in paths if path not in ignored]
    return list(paths)


def _ignored(root: Path, paths: Sequence[str], marks: Mapping[str, str]) -> set[str]:
    try:
        answer = subprocess.run(
            ["git", "check-ignore", "-z", "--stdin"], cwd=root, input=b"\0".join(map(os.fsencode, paths)),
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=_PATIENCE, check=False,
            env={**os.environ, **marks},
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return set()
    return {os.fsdecode(path) for path in answer.stdout.split(b"\0")}
