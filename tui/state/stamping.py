"""Stamps: against which revision of the target an attempt ran, by the readings before and after it.

Data and what follows from it, nothing else: a state keeps one of these, and so does the journal, whose derived rows
must say the same.
"""

from __future__ import annotations

import msgspec

from tui.events import IterationBegan, RevisionRead, TestFinished
from tui.plan.model import Target


class Reading(msgspec.Struct, frozen=True, array_like=True):
    """From ``at`` on, for all that is known, the target is of this revision."""

    at: float
    revision: str


class Unstamped(msgspec.Struct, frozen=True, array_like=True):
    """An attempt (1 upwards) of a test that has ended, and has not been followed by a reading yet."""

    test: int
    attempt: int
    ended: float
    before: str | None


class Stamp(msgspec.Struct, frozen=True, array_like=True):
    """*Mixed*: it is known that the target was not of the iteration's revision all the time."""

    before: str | None
    after: str | None
    mixed: bool


class Stamping(msgspec.Struct, array_like=True):
    """``revision``: what the iteration is about. ``wanted``: a version URL is declared, so that stamps are asked for.

    ``readings``: where the revision changed. ``why``: the version URL gave no revision when it was asked last.
    """

    revision: str | None = None
    wanted: bool = False
    readings: list[Reading] = []
    waiting: list[Unstamped] = []
    why: str = ""

    @property
    def deployed(self) -> str | None:
        """What was read last."""
        return self.readings[-1].revision if self.readings else None

    @property
    def is_superseded(self) -> bool:
        """Whether another revision has been deployed since; a way back does not undo it."""
        return len(self.readings) > 1

    def begin(self, event: IterationBegan) -> None:
        self.revision = event.revision
        self.meet(event.plan.target)

    def meet(self, target: Target) -> None:
        self.wanted = target.version_url is not None

    def finish(self, event: TestFinished, attempt: int) -> Stamp:
        """What is known of an attempt when it has ended."""
        if not self.wanted:
            return Stamp(None, None, mixed=False)
        before = next((reading.revision for reading in reversed(self.readings) if reading.at <= event.started), None)
        self.waiting.append(Unstamped(event.test, attempt, event.at, before))
        return Stamp(before, None, self._is_mixed(before, None))

    def read(self, event: RevisionRead) -> list[tuple[Unstamped, Stamp]]:
        """Take in a reading; returns the attempts that have their stamp by it.

        The first that names a revision says what the iteration is about, whatever was said before.
        """
        self.why = event.why
        revision = event.revision
        if revision is None:
            return []
        if not self.readings:
            self.revision = revision
        if revision != self.deployed:
            self.readings.append(Reading(event.at, revision))
        stamped = [one for one in self.waiting if one.ended <= event.asked]
        if stamped:
            self.waiting = [one for one in self.waiting if one.ended > event.asked]
        return [(one, Stamp(one.before, revision, self._is_mixed(one.before, revision))) for one in stamped]

    def _is_mixed(self, *read: str | None) -> bool:
        return any(revision is not None and revision != self.revision for revision in read)
