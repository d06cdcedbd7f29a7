"""What runs next, and on which worker. Pure: it is told what happens and asked what to do.

Units (a module's tests, in collected order) are taken by best tier, then what failed last time,
then the longest first, so that the answer that matters comes early and the tail is short. A
worker keeps its unit until that is done; nothing is ever queued behind a running test.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

import msgspec


class Task(NamedTuple):
    """A test to run, with what its place in the order depends on.

    ``group``: which zygote it was collected by. ``unit``: what it has to share a worker with,
    within its group. ``cap``: at most so many workers may be in its suite at once.
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


class Unit(msgspec.Struct):
    """Tests that run one after another on one worker."""

    group: int
    suite: str
    exclusive: bool
    cap: int | None
    tests: deque[int]


class Switch(NamedTuple):
    """The next test belongs to another zygote: this worker is of no more use, one of ``group`` is."""

    group: int


class Schedule:
    """Owns what is left to run and who runs what."""

    def __init__(self) -> None:
        self._waiting: list[Unit] = []
        self._held: dict[int, Unit] = {}
        self._busy: set[int] = set()

    def add(self, tasks: Iterable[Task], *, first: bool = False) -> None:
        """Queue tests (in collected order). ``first``: ahead of all that waits."""
        units = _units(tasks)
        self._waiting = units + self._waiting if first else self._waiting + units

    def next(self, worker: int, group: int) -> int | Switch | None:
        """The test that this worker shall run now; None when there is nothing for it at present.

        It counts as busy from here on, until ``done`` or ``lost``.
        """
        held = self._held.get(worker)
        if held is not None and held.tests:
            self._busy.add(worker)
            return held.tests.popleft()
        self._held.pop(worker, None)
        unit = self._eligible(worker)
        if unit is None:
            return None
        if unit.group != group:
            return Switch(unit.group)
        self._waiting.remove(unit)
        self._held[worker] = unit
        self._busy.add(worker)
        return unit.tests.popleft()

    def done(self, worker: int) -> None:
        """The worker's test has finished and it was given no other yet."""
        self._busy.discard(worker)

    def lost(self, worker: int, given_back: Iterable[int] = ()) -> None:
        """The worker is gone. What it had been given and not begun, and the rest of its unit, comes first again."""
        self._busy.discard(worker)
        unit = self._held.pop(worker, None)
        if unit is None:
            return
        unit.tests.extendleft(reversed(list(given_back)))
        if unit.tests:
            self._waiting.insert(0, unit)

    def waiting(self) -> set[int]:
        """The tests that have not begun."""
        return {test for unit in [*self._held.values(), *self._waiting] for test in unit.tests}

    def clear(self) -> list[int]:
        """Forget all that has not begun; returns those tests."""
        left = sorted(self.waiting())
        self._waiting.clear()
        for unit in self._held.values():
            unit.tests.clear()
        return left

    def group_wanted(self) -> int | None:
        """The zygote that one more worker should come from; None when one more would have nothing to do."""
        unit = self._eligible(None)
        return None if unit is None else unit.group

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits (something may still run)."""
        return not self._waiting and not any(unit.tests for unit in self._held.values())

    def _eligible(self, worker: int | None) -> Unit | None:
        others = self._busy - {worker}
        if any(self._held[other].exclusive for other in others if other in self._held):
            return None
        for unit in self._waiting:
            if unit.exclusive:
                return None if others else unit
            if unit.cap is None or self._in_suite(unit.suite, worker) < unit.cap:
                return unit
        return None

    def _in_suite(self, suite: str, but: int | None) -> int:
        return sum(
            worker in self._busy and worker != but and unit.suite == suite for worker, unit in self._held.items()
        )


def _units(tasks: Iterable[Task]) -> list[Unit]:
    runs: list[list[Task]] = []
    for task in tasks:
        previous = runs[-1][-1] if runs else None
        together = (
            previous is not None
            and not task.spread
            and (previous.group, previous.unit, previous.suite) == (task.group, task.unit, task.suite)
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
        Unit(run[0].group, run[0].suite, run[0].exclusive, run[0].cap, deque(task.test for task in run))
        for run in sorted(runs, key=rank)
    ]
