"""What the suites assert again and again, in one place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import httpx

SECURITY_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "strict-transport-security": "max-age=31536000; includeSubDomains",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cross-origin-resource-policy": "same-site",
}
"""What every answer carries."""
LAST = ("agent_completed", "agent_failed")


def problem(response: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    """The response is this problem, told as the platform promises to; returns its body."""
    assert response.status_code == status, f"HTTP {response.status_code}: {response.text[:300]}"
    assert response.headers["content-type"].partition(";")[0] == "application/problem+json"
    body = response.json()
    assert body["type"] == f"https://staging.example/problems/{slug}"
    assert body["status"] == status
    assert body["request_id"] == response.headers["x-request-id"]
    return body


def types(events: Sequence[dict[str, Any]]) -> list[str]:
    """The types of events, pieces of a partial result counted as one."""
    found = [event["type"] for event in events]
    return [name for i, name in enumerate(found) if name != "partial_result" or found[i - 1 : i] != [name]]


def gapless(events: Sequence[dict[str, Any]], first: int = 1) -> None:
    """The events are numbered from ``first`` on, without gap and in order."""
    assert events, "there is no event"
    assert [event["sequence"] for event in events] == list(range(first, first + len(events)))
