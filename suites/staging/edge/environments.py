"""Environments that were asked of this one. The supervisor forks and holds them, so they end with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from suites.staging.edge.supervision import Supervision


class DidNotStart(Exception):
    """The environment did not come up; the text is what it said."""


class Environments:
    """Starts and ends them by the supervisor."""

    def __init__(self, supervision: Supervision) -> None:
        self._supervision = supervision

    async def start(self, faults: Sequence[str], time_scale: float, env: Mapping[str, str]) -> dict[str, Any]:
        """Start one, and wait until it is ready: its ``id``, ``target`` and ``env``. Raises ``DidNotStart``."""
        wishes = {"faults": list(faults), "time_scale": time_scale, "env": dict(env)}
        said = await self._supervision.ask({"environment": wishes})
        if "ready" not in said:
            raise DidNotStart(said.get("failed") or f"It ended with {said.get('ended')}.")
        return {"id": said["id"], **said["ready"]}

    async def end(self, identity: str) -> bool:
        """End one, and wait for it. Returns whether there was one."""
        return "error" not in await self._supervision.ask({"end": identity})
