"""Times as the board shows them: 12.0 for one test, 12.0 s with its unit. Clocks and counts are ``reports.amounts``."""

from __future__ import annotations

from tui.reports.amounts import clock


def took(seconds: float) -> str:
    """How long a test took, without the unit: at most five characters up to a day."""
    if seconds < 10:
        return f"{seconds:.2f}"
    if seconds < 1000:
        return f"{seconds:.1f}"
    return clock(seconds) if seconds < 36000 else f"{seconds / 3600:.0f} h"


def brief(seconds: float) -> str:
    """A duration with its unit, as coarse as it may be."""
    if seconds < 0.0995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 100:
        return f"{seconds:.1f} s"
    return clock(seconds)


def precise(seconds: float) -> str:
    """One test's duration with its unit."""
    return f"{took(seconds)} s" if seconds < 1000 else took(seconds)
