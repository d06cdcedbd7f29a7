"""Numbers of tests and moments in the words of a verdict."""

from __future__ import annotations

import datetime

from tui.plan.model import Tier


def of_tier(count: int, tier: Tier) -> str:
    """``25 P1 tests``; ``25 tests in unit`` where the tier's name is a folder's and might be a word."""
    is_class = tier.id[:1].isupper()
    return f"{count} {tier.id} {tests(count)}" if is_class else f"{count} {tests(count)} in {tier.id}"


def tests(count: int) -> str:
    return "test" if count == 1 else "tests"


def moment(at: float) -> str:
    """A time of day with its date, in UTC: a verdict is read in more places than one."""
    return datetime.datetime.fromtimestamp(at, datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")


def span(seconds: float) -> str:
    """``30 s``, ``5 min``, ``2 h``, as a plan says them."""
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:g} {unit}"
    return f"{seconds:g} s"
