"""What every service says of itself to the others: that it is up, and its counts."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from suites.staging.answers import Json
from suites.staging.metrics import Metrics
from suites.staging.openapi import paths
from suites.staging.resources import ANYBODY, Action, Call, Resource

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def internal_resources(metrics: Metrics, table: Sequence[Resource]) -> list[Resource]:
    """Its health, counts, and description of ``table``: without a credential, as nobody gets here by the edge."""

    async def health(call: Call) -> Response:
        return Json({"status": "ok"})

    async def text(call: Call) -> Response:
        return Response(metrics.text(), headers={"content-type": METRICS_TYPE})

    async def description(call: Call) -> Response:
        return Json({"paths": paths(table)})

    return [
        Resource("/internal/openapi", {"GET": Action(description, "What it publishes", ANYBODY)}),
        Resource("/internal/health", {"GET": Action(health, "Whether it is up", ANYBODY)}),
        Resource("/internal/metrics", {"GET": Action(text, "Its counts", ANYBODY)}),
    ]
