"""Which tests a plan has put in quarantine, and until when."""

from __future__ import annotations

import datetime

from tui.plan.model import Plan


def quarantine_end(plan: Plan, node: str) -> float | None:
    """When a test's quarantine ends (seconds since the epoch: the end of its last day, UTC); None: it is in none."""
    ends = [each.until for each in plan.quarantine if _covers(each.test, node)]
    if not ends:
        return None
    midnight = datetime.datetime.combine(max(ends), datetime.time(), datetime.UTC) + datetime.timedelta(days=1)
    return midnight.timestamp()


def _covers(named: str, node: str) -> bool:
    return node == named or node.startswith((f"{named}/", f"{named}::", f"{named}["))
