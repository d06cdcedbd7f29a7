"""Times and counts in words, as lines and summaries say them."""

from __future__ import annotations


def clock(seconds: float) -> str:
    """Minutes and seconds, hours where there are any: ``4:12``, ``1:02:03``."""
    whole = max(0, int(seconds))
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"


def took(seconds: float) -> str:
    """How long one thing took: ``0.31s``, ``12.0s``, ``17:20``."""
    if seconds < 10:
        return f"{seconds:.2f}s"
    return f"{seconds:.1f}s" if seconds < 1000 else clock(seconds)


def many(count: int, one: str) -> str:
    """``1 test``, ``3 tests``."""
    return f"{count} {one if count == 1 else one + 's'}"


def percent(rate: float) -> str:
    """One decimal at most, and only where it says something; never ``100%`` or ``0%`` for what is neither."""
    tenths = min(max(round(rate * 1000), rate > 0), 999 + (rate >= 1))
    return f"{tenths // 10}.{tenths % 10}%" if tenths % 10 else f"{tenths // 10}%"
