"""What runs next, and on which worker. Pure: it is told what happens and asked what to do.

Units (a module's tests, in collected order) are taken by best tier, then what failed last time,
then the longest first, so that the answer that matters comes early and the tail is short. A
worker is given a unit whole, as its tests have to stay together anyway, and the next one only when
the last test of it is being torn down: nothing that could run elsewhere is queued behind a test.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import NamedTuple

import msgspec


class Task(NamedTuple):
    """A test to run, with what its place in the order depends on.

    ``group``: the lane of the zygote it was collected by. ``unit``: what it has to share a worker with,
    within its group. ``cap``: at most so many workers may be in its suite at once. ``cold``: why it has to run in a
    fresh process where it could be forked; empty: it may be forked.
    """

    test: int
    group: int
    unit: int
    suite: str
    tier_order: int
    failed_last: bool
    usual: float
    spread: bool = False
    exclusive: bool = False
    cap: int | None = None
    cold: str = ""


class Unit(msgspec.Struct, frozen=True):
    """Tests that run one after another on one worker."""

    group: int
    suite: str
    exclusive: bool
    cap: int | None
    tests: tuple[int, ...]
    cold: str = ""


class Switch(NamedTuple):
    """The next test belongs to another zygote, or is not for a worker of this warmth: this one is of no more use, one
    of ``group`` is.
    """

    group: int


class Schedule:
    """Owns what is left to run and who runs what."""

    def __init__(self) -> None:
        self._waiting: list[Unit] = []
        self._held: dict[int, Unit] = {}

    def add(self, tasks: Iterable[Task], *, first: bool = False) -> None:
        """Queue tests (in collected order). ``first``: ahead of all that waits."""
        units = _units(tasks)
        self._waiting = units + self._waiting if first else self._waiting + units

    def next(self, worker: int, group: int, *, is_cold: bool | None = None) -> Unit | Switch | None:
        """The unit that this worker shall run now; None when there is nothing for it at present.

        ``is_cold``: whether the worker is a fresh process; None where that makes no difference.

        It is the worker's until ``done``, ``lost``, or until it is given another.
        """
        self._held.pop(worker, None)
        unit = self._eligible()
        if unit is None:
            return None
        if unit.group != group or is_cold not in (None, bool(unit.cold)):
            return Switch(unit.group)
        self._waiting.remove(unit)
        self._held[worker] = unit
        return unit

    def done(self, worker: int) -> None:
        """The worker has run its unit and was given no other yet."""
        self._held.pop(worker, None)

    def lost(self, worker: int, given_back: Iterable[int] = ()) -> None:
        """The worker is gone. What it had been given and not begun comes first again."""
        unit = self._held.pop(worker, None)
        left = tuple(given_back)
        if unit is not None and left:
            self._waiting.insert(0, msgspec.structs.replace(unit, tests=left))

    def waiting(self) -> set[int]:
        """The tests that no worker has been given."""
        return {test for unit in self._waiting for test in unit.tests}

    def keep(self, tests: Container[int]) -> None:
        """Forget tests that are not among these: they are no longer there."""
        kept = [(unit, tuple(test for test in unit.tests if test in tests)) for unit in self._waiting]
        self._waiting = [msgspec.structs.replace(unit, tests=left) for unit, left in kept if left]

    def holds_exclusive(self, worker: int) -> bool:
        """Whether nothing may run beside what this worker has."""
        held = self._held.get(worker)
        return held is not None and held.exclusive

    def clear(self) -> list[int]:
        """Forget all that no worker has been given; returns those tests."""
        left = sorted(self.waiting())
        self._waiting.clear()
        return left

    def group_wanted(self) -> int | None:
        """The zygote that one more worker should come from; None when one more would have nothing to do."""
        unit = self._eligible()
        return None if unit is None else unit.group

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits (something may still run)."""
        return not self._waiting

    def _eligible(self) -> Unit | None:
        held = list(self._held.values())
        if any(unit.exclusive for unit in held):
            return None
        for unit in self._waiting:
            if unit.exclusive:
                return None if held else unit
            if unit.cap is None or sum(other.suite == unit.suite for other in held) < unit.cap:
                return unit
        return None


def _units(tasks: Iterable[Task]) -> list[Unit]:
    runs: list[list[Task]] = []
    for task in tasks:
        previous = runs[-1][-1] if runs else None
        together = (
            previous is not None
            and not task.spread
            and (previous.group, previous.unit, previous.suite, previous.cold)
            == (task.group, task.unit, task.suite, task.cold)
        )
        if together:
            runs[-1].append(task)
        else:
            runs.append([task])

    def rank(run: list[Task]) -> tuple[int, bool, bool, float]:
        return (
            min(task.tier_order for task in run),
            run[0].exclusive,
            not any(task.failed_last for task in run),
            -sum(task.usual for task in run),
        )

    return [
        Unit(run[0].group, run[0].suite, run[0].exclusive, run[0].cap, tuple(task.test for task in run), run[0].cold)
        for run in sorted(runs, key=rank)
    ]
