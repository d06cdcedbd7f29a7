"""Environments that were asked of this one: each a supervisor of its own, which ends with its standard input."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[3]
_PATIENCE = 30.0
_END_PATIENCE = 10.0


class DidNotStart(Exception):
    """The environment did not come up; the text is what it said."""


@dataclass
class Environment:
    """A running environment: its process, and the line that it printed."""

    id: str
    process: asyncio.subprocess.Process
    line: dict[str, Any]


class Environments:
    """The environments that are held by this edge. They end with it, for it holds their standard inputs."""

    def __init__(self, *, tls: bool) -> None:
        self._tls = tls
        self._held: dict[str, Environment] = {}

    async def start(self, faults: Iterable[str], time_scale: float, env: Mapping[str, str]) -> Environment:
        """Start one, and wait until it is ready. Raises ``DidNotStart``."""
        arguments = ["--time-scale", str(time_scale), *(["--tls"] if self._tls else [])]
        for fault in faults:
            arguments += ["--fault", fault]
        path = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "suites.staging",
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path, **env},
        )
        assert process.stdout is not None and process.stderr is not None
        try:
            async with asyncio.timeout(_PATIENCE):
                line = await process.stdout.readline()
                if not line:
                    said = (await process.stderr.read()).decode(errors="replace").strip()
                    await process.wait()
                    raise DidNotStart(said or f"It ended with {process.returncode}.")
        except BaseException as failed:
            await self._end(process)
            raise DidNotStart("It was not ready in time.") if isinstance(failed, TimeoutError) else failed from None
        environment = Environment(f"env_{secrets.token_hex(8)}", process, json.loads(line))
        self._held[environment.id] = environment
        return environment

    async def end(self, identity: str) -> bool:
        """End one, and wait for it. Returns whether there was one."""
        environment = self._held.pop(identity, None)
        if environment is None:
            return False
        await self._end(environment.process)
        return True

    async def end_all(self) -> None:
        """End every one."""
        await asyncio.gather(*(self.end(identity) for identity in list(self._held)))

    async def _end(self, process: asyncio.subprocess.Process) -> None:
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(_END_PATIENCE):
                await process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
