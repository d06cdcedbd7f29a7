"""The other services as the backend sees them: whether they are up, what they count, what they publish."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from suites.staging.config import AUTH, EDGE, GATEWAYS, Config
from suites.staging.problems import unavailable
from suites.staging.verify import Verifier

_PATIENCE = 2.0


class Neighbours:
    """``verifier``: whose connections and credential are used."""

    def __init__(self, config: Config, verifier: Verifier) -> None:
        self._config, self._verifier = config, verifier

    async def up(self, *instances: str) -> bool:
        """Whether all of them are."""
        answers = await asyncio.gather(*(self._get(name, "/internal/health") for name in instances))
        return all(answer is not None and answer.status_code == 200 for answer in answers)

    async def connections(self, user: str) -> int:
        """How many WebSockets a user has open. A gateway that is away has none."""
        headers = await self._verifier.headers()
        answers = await asyncio.gather(
            *(self._get(name, f"/internal/connections/{user}", headers) for name in GATEWAYS)
        )
        return sum(answer.json()["count"] for answer in answers if answer is not None and answer.status_code == 200)

    async def metrics(self) -> list[str]:
        """The counts of all that are up."""
        names = (AUTH, *GATEWAYS, EDGE)
        answers = await asyncio.gather(*(self._get(name, "/internal/metrics") for name in names))
        return [answer.text for answer in answers if answer is not None and answer.status_code == 200]

    async def published(self) -> dict[str, Any]:
        """The paths that the auth service publishes. Raises 503."""
        answer = await self._get(AUTH, "/internal/openapi")
        if answer is None or answer.status_code != 200:
            raise unavailable("The auth service does not answer.")
        paths: dict[str, Any] = answer.json()["paths"]
        return paths

    async def _get(self, instance: str, path: str, headers: dict[str, str] | None = None) -> httpx.Response | None:
        try:
            url = self._config.url(instance) + path
            return await self._verifier.client.get(url, headers=headers, timeout=_PATIENCE)
        except httpx.HTTPError:
            return None
