"""What a test has done over the iterations, and what follows from it: since when it fails, how flaky it is."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import msgspec

from tui.events import FAILING, Outcome

WINDOW = 20
"""Iterations that flakiness looks back."""
_GOOD = ("passed", "xfailed", "xpassed")


class PastAttempt(msgspec.Struct, frozen=True, array_like=True):
    """One attempt of a test. ``known`` names all that was known when it ran (revision, sources, declared environment):
    equal for equal; empty where an older journal did not keep it. ``duration`` is seconds.
    """

    iteration: int
    revision: str | None
    began: float
    attempt: int
    tier: str
    outcome: Outcome
    duration: float
    known: str

    @property
    def has_colour(self) -> bool:
        return self.outcome in FAILING or self.outcome in _GOOD


class Since(msgspec.Struct, frozen=True, array_like=True):
    """The first iteration of an unbroken row of failures, and its revision."""

    iteration: int
    revision: str | None


class Flakiness(msgspec.Struct, frozen=True, array_like=True):
    """In how many ``of`` the latest iterations that ran a test it changed colour though nothing known had changed."""

    flaky: int
    of: int


class Past(msgspec.Struct, frozen=True):
    """All of one test, oldest first."""

    node: str
    ordinal: int
    attempts: tuple[PastAttempt, ...]

    @property
    def failing_since(self) -> Since | None:
        return failing_since(self.attempts)

    @property
    def flakiness(self) -> Flakiness:
        return flakiness(self.attempts)


def failing_since(attempts: Sequence[PastAttempt]) -> Since | None:
    """None for a test whose last word is good. What says nothing of the test (skipped, not run, …) is passed over."""
    since = None
    for attempt in reversed([attempt for attempt in attempts if attempt.has_colour]):
        if attempt.outcome not in FAILING:
            break
        since = Since(attempt.iteration, attempt.revision)
    return since


def flakiness(attempts: Sequence[PastAttempt], window: int = WINDOW) -> Flakiness:
    """A change of colour is the later iteration's. Where it is not known what had changed, none is counted."""
    telling = [attempt for attempt in attempts if attempt.has_colour]
    ran = sorted({attempt.iteration for attempt in telling})[-window:]
    flaky = {
        now.iteration
        for before, now in pairwise(telling)
        if now.known and before.known == now.known and (before.outcome in FAILING) != (now.outcome in FAILING)
    }
    return Flakiness(len(flaky.intersection(ran)), len(ran))
