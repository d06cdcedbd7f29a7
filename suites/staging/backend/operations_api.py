"""What is asked without a credential: health, readiness, version, metrics, the API's description."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from suites.staging.answers import Json
from suites.staging.backend.neighbours import Neighbours
from suites.staging.clock import Clock
from suites.staging.config import AUTH, GATEWAYS
from suites.staging.database import Database
from suites.staging.metrics import Metrics, merged
from suites.staging.openapi import document, paths
from suites.staging.operations import METRICS_TYPE
from suites.staging.resources import ANYBODY, Action, Call, Resource
from suites.staging.switches import Switches

_TEXT = METRICS_TYPE.partition(";")[0]
_SOCKET = {
    "get": {
        "operationId": "get_ws",
        "summary": "Open a WebSocket",
        "responses": {"101": {"description": "Switching Protocols"}, "403": {"description": "Refused"}},
        "security": [{"bearer": []}],
    }
}


class OperationsApi:
    """For those who run the platform. ``table``: what the backend publishes, which grows after this is made."""

    def __init__(
        self,
        database: Database,
        neighbours: Neighbours,
        metrics: Metrics,
        switches: Switches,
        clock: Clock,
        table: Sequence[Resource],
    ) -> None:
        self._database, self._neighbours, self._metrics = database, neighbours, metrics
        self._switches, self._table = switches, table
        self._started = clock.stamp()

    def resources(self) -> list[Resource]:
        """Its part of the table."""
        return [
            Resource("/health", {"GET": Action(self.health, "Whether it lives", ANYBODY)}),
            Resource("/ready", {"GET": Action(self.ready, "Whether it can work", ANYBODY)}),
            Resource("/version", {"GET": Action(self.version, "What is deployed", ANYBODY)}),
            Resource("/metrics", {"GET": Action(self.metrics, "All services' counts", ANYBODY, media_type=_TEXT)}),
            Resource("/openapi.json", {"GET": Action(self.openapi, "This document", ANYBODY)}),
        ]

    async def health(self, call: Call) -> Response:
        """It answers, so it lives."""
        return Json({"status": "ok"})

    async def ready(self, call: Call) -> Response:
        """Whether everything that it needs is there."""
        checks = {
            "auth": await self._neighbours.up(AUTH),
            "database": self._database_up(),
            "gateway": await self._neighbours.up(*GATEWAYS),
        }
        ready = all(checks.values())
        said: dict[str, Any] = {
            "status": "ready" if ready else "unavailable",
            "checks": {name: "ok" if up else "unavailable" for name, up in checks.items()},
        }
        return Json(said) if ready else Json(said, 503, {"retry-after": "1"})

    async def version(self, call: Call) -> Response:
        """Which revision, and since when this process runs."""
        return Json(
            {
                "service": "staging",
                "revision": self._switches.revision,
                "api": "1",
                "started_at": self._started,
            }
        )

    async def metrics(self, call: Call) -> Response:
        """Of all services, for one scrape."""
        texts = [self._metrics.text(), *await self._neighbours.metrics()]
        return Response(merged(texts), headers={"content-type": METRICS_TYPE})

    async def openapi(self, call: Call) -> Response:
        """Every path of the platform."""
        published = {**await self._neighbours.published(), **paths(self._table), "/ws": _SOCKET}
        return Json(document(published))

    def _database_up(self) -> bool:
        if self._switches.on("J5-dependency-down"):
            return False
        return self._database.one("SELECT 1") is not None
