"""Search over a fixed corpus: twelve titles about deploys, found by the words they have in common with a query."""

from __future__ import annotations

import re
from typing import Any

CORPUS = (
    "Blue green deploys without downtime",
    "Canary releases and error budgets",
    "Database migrations before a deploy",
    "Deploy freezes and why they fail",
    "Feature flags in staging",
    "Health checks that tell the truth",
    "Rolling back a failed deploy",
    "Rotating secrets without an outage",
    "Smoke tests after every deploy",
    "Staging environments that resemble production",
    "Websocket connections through a load balancer",
    "What to watch during a rollout",
)
_WORD = re.compile(r"[a-z0-9]+")


def search(query: str, limit: int) -> list[dict[str, Any]]:
    """The best ``{title, score}``: ``score`` is the share of the query's words that the title has."""
    wanted = _words(query)
    hits = [(len(wanted & _words(title)), title) for title in CORPUS]
    best = sorted((hit for hit in hits if hit[0]), key=lambda hit: (-hit[0], hit[1]))[:limit]
    return [{"title": title, "score": round(common / len(wanted), 3)} for common, title in best]


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.lower()))
