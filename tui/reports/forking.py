"""What collecting may leave in a process that is to be forked, and what to do about each: one sentence a kind."""

from __future__ import annotations

from tui.events import Finding

_ADVICE = {
    "threads": "start it where it is used (a session fixture, the application's start-up), not at import",
    "socket": "connect where it is used (a session fixture, or at the first request), not at import",
    "pipe": "make the queue or process in a fixture, not at import",
    "event-loop": "make the loop in a fixture, or close it when the import has done with it (asyncio.run does)",
    "database": "connect in a fixture, or close the connection when the import has done with it",
    "numpy": "all forked workers and reruns draw the same numbers: seed it in a fixture, or make a generator where it "
    "is used",
    "grpc": "warm for as long as no channel is made at import: a channel has threads, so make it in a fixture",
    "coverage": "every worker saves its own and the end of the session combines them; `-- --no-cov` leaves it out of a "
    "run, which makes reruns quicker",
}


def advice(kind: str) -> str:
    """What to do about it; empty for a kind that is not known here (a newer journal's)."""
    return _ADVICE.get(kind, "")


def place(finding: Finding) -> str:
    """Since when it is there, in words: ``, first seen with test_a.py``; empty where that says nothing."""
    return f", first seen with {finding.where}" if finding.where and finding.blocks else ""


def sentence(finding: Finding) -> str:
    """All of it: what, since when, what to do."""
    to_do = advice(finding.kind)
    return f"{finding.what}{place(finding)}" + (f": {to_do}" if to_do else "")
