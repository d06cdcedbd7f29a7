"""What collecting may leave in a process that is to be forked, and what to do about each: one sentence a kind."""

from __future__ import annotations

from tui.events import Finding

_ADVICE = {
    "threads": "start it where it is used (a session fixture, the application's start-up), not at import",
    "socket": "connect where it is used (a session fixture, or at the first request), not at import",
    "pipe": "make the queue or process in a fixture, not at import",
    "event-loop": "make the loop in a fixture, or close it when the import has done with it (asyncio.run does)",
    "database": "connect in a fixture, or close the connection when the import has done with it",
    "process": "start it in a fixture, not at import: only the process that started it can wait for it",
    "folder": "make it in a fixture (tmp_path_factory), not at import",
    "at-exit": "it is done once, when the session ends or collects anew, and not by each worker",
    "file": "forked workers share its position, and each writes what is not flushed yet: open it in a fixture, or "
    "to append",
    "numpy": "all forked workers and reruns draw the same numbers: seed it in a fixture, or make a generator where it "
    "is used",
    "grpc": "an import alone is harmless, but a channel or a server has threads: make them in a fixture, not at import",
    "openblas": "they may be those of its OpenBLAS, for arithmetic on large matrices: with OPENBLAS_NUM_THREADS=1 in "
    "the environment it has none",
    "coverage": "every worker saves its own and the end of the session combines them; `-- --no-cov` leaves it out of a "
    "run, which makes reruns quicker",
}


def advice(kind: str) -> str:
    """What to do about it; empty for a kind that is not known here (a newer journal's)."""
    return _ADVICE.get(kind, "")


def place(finding: Finding) -> str:
    """Since when it is there, in words: ``, first seen with test_a.py``; empty where that says nothing."""
    return f", first seen with {finding.where}" if finding.where else ""


def sentence(finding: Finding) -> str:
    """All of it: what, since when, what to do."""
    to_do = advice(finding.kind)
    return f"{finding.what}{place(finding)}" + (f": {to_do}" if to_do else "")
