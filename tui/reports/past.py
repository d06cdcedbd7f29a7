"""What one test has done over the iterations, as lines and as JSON."""

from __future__ import annotations

import datetime
from typing import Literal

import msgspec

from tui.events import Outcome
from tui.reports.amounts import took
from tui.reports.results_json import Since, moment
from tui.reports.sentences import iteration_words
from tui.state.past import Past


class PastAttempt(msgspec.Struct, frozen=True):
    """``same``: nothing known (revision, sources, declared environment) had changed since the attempt before; null:
    there is none, or it is not known."""

    iteration: int
    revision: str | None
    started: str
    number: int
    outcome: Outcome
    duration: float
    same: bool | None


class TestPast(msgspec.Struct, frozen=True):
    """The document of ``history TEST --json``."""

    __test__ = False

    version: Literal[1]
    id: str
    ordinal: int
    failing_since: Since | None
    flaky: int
    of: int
    attempts: tuple[PastAttempt, ...]


def past_document(past: Past) -> bytes:
    """``started``: when its iteration began. In ``flaky`` of the latest ``of`` it turned for no known cause."""
    since, often = past.failing_since, past.flakiness
    known = ["", *(attempt.known for attempt in past.attempts)]
    attempts = tuple(
        PastAttempt(
            each.iteration, each.revision, moment(each.began), each.attempt, each.outcome, round(each.duration, 3),
            each.known == before if each.known and before else None,
        )
        for before, each in zip(known, past.attempts, strict=False)
    )  # fmt: skip
    began = None if since is None else Since(since.iteration, since.revision)
    return msgspec.json.encode(TestPast(1, past.node, past.ordinal, began, often.flaky, often.of, attempts))


def past_lines(past: Past) -> list[str]:
    """Oldest first, then what follows from it."""
    lines = [past.node, f"{'':>4}  {'began':<16}  {'revision':<12}  {'outcome':<9}  {'took':>7}"]
    for each in past.attempts:
        began = datetime.datetime.fromtimestamp(each.began).strftime("%Y-%m-%d %H:%M")
        again = f"  attempt {each.attempt}" if each.attempt > 1 else ""
        revision = each.revision or "-"
        seconds = took(each.duration)
        lines.append(f"{each.iteration:>4}  {began}  {revision:<12}  {each.outcome:<9}  {seconds:>7}{again}")
    if (since := past.failing_since) is not None:
        lines.append(f"fails since {iteration_words(since.iteration, since.revision)}")
    often = past.flakiness
    if often.flaky:
        lines.append(f"flaky in {often.flaky} of the latest {often.of} iterations that ran it")
    return lines
