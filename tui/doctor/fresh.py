"""One test by a ``pytest`` of its own, as one would type it: what a rerun is measured against."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from tui.engine.orphans import end_with_parent

_LIMIT = 600.0
"""Seconds that it may take, as a test of a run may."""


class Fresh(NamedTuple):
    """``code``: pytest's exit code; None where it took too long, and was ended."""

    seconds: float
    code: int | None


async def fresh(
    python: str, arguments: Sequence[str], cwd: Path, environment: Mapping[str, str], limit: float = _LIMIT
) -> Fresh:
    """Run ``python -m pytest`` to its end. It ends with this process, however that ends."""
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        python, "-m", "pytest", *arguments,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        cwd=cwd, env=environment, start_new_session=True, preexec_fn=end_with_parent,
    )  # fmt: skip
    code = None
    try:
        with suppress(TimeoutError):
            code = await asyncio.wait_for(process.wait(), limit)
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    return Fresh(time.perf_counter() - began, code)
