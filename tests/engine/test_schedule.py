"""The schedule, played by workers that are only numbers."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tui.engine.schedule import Schedule, Switch, Task, Unit

PLAIN: dict[str, Any] = {"group": 0, "suite": "s", "tier_order": 0, "failed_last": False, "usual": 0.0}


def task(test: int, unit: int = 0, **how: Any) -> Task:
    """A task of the first tier and of no history, but for what is said."""
    return Task(**{**PLAIN, "test": test, "unit": unit, **how})


def order(schedule: Schedule, group: int = 0) -> list[tuple[int, ...]]:
    """What one worker is given, unit by unit."""
    given: list[tuple[int, ...]] = []
    while isinstance(unit := schedule.next(1, group), Unit):
        given.append(unit.tests)
    return given


SUITES = {
    "plain": {},
    "capped": {"cap": 2},
    "alone": {"exclusive": True},
    "spread": {"spread": True},
    "other": {"group": 1},
    "cold": {"cold": "it must not be forked"},
}


@st.composite
def plans(draw: st.DrawFn) -> list[Task]:
    tasks = []
    for unit in range(draw(st.integers(1, 8))):
        suite = draw(st.sampled_from(sorted(SUITES)))
        for _ in range(draw(st.integers(1, 4))):
            tasks.append(
                task(
                    len(tasks),
                    unit,
                    suite=suite,
                    tier_order=draw(st.integers(0, 2)),
                    failed_last=draw(st.booleans()),
                    usual=draw(st.floats(0, 9)),
                    **SUITES[suite],
                )
            )
    return tasks


@given(plans(), st.data())
def test_every_test_is_given_exactly_once_whoever_dies(tasks: list[Task], data: st.DataObject) -> None:
    schedule = Schedule()
    schedule.add(tasks)
    workers: dict[int, tuple[int, bool]] = {}
    holding: dict[int, Unit] = {}
    begun: Counter[int] = Counter()
    names = iter(range(1, 10_000))
    while True:
        while len(workers) < 3 and (group := schedule.group_wanted()) is not None:
            worker = next(names)
            unit = schedule.next(worker, group)
            assert isinstance(unit, Unit), "one more worker was wanted"
            workers[worker] = group, bool(unit.cold)
            holding[worker] = unit
        check_exclusion(list(holding.values()))
        if not holding:
            break
        worker = data.draw(st.sampled_from(sorted(holding)))
        unit = holding.pop(worker)
        ran = data.draw(st.integers(1, len(unit.tests)))
        begun.update(unit.tests[:ran])
        if ran < len(unit.tests) or data.draw(st.booleans()):
            schedule.lost(worker, unit.tests[ran:])
            del workers[worker]
            continue
        group, is_cold = workers[worker]
        following = schedule.next(worker, group, is_cold=is_cold)
        if isinstance(following, Unit):
            assert (following.group, bool(following.cold)) == workers[worker]
            holding[worker] = following
        else:
            schedule.done(worker)
            del workers[worker]
    assert schedule.is_empty
    assert begun == Counter({task.test: 1 for task in tasks})


def check_exclusion(held: list[Unit]) -> None:
    assert len(held) <= 1 or not any(unit.exclusive for unit in held)
    for suite, count in Counter(unit.suite for unit in held).items():
        assert count <= (SUITES[suite].get("cap") or len(held))


@given(plans())
def test_a_unit_is_given_in_collected_order_and_only_a_spread_suite_is_taken_apart(tasks: list[Task]) -> None:
    schedule = Schedule()
    schedule.add(tasks)
    by_test = {task.test: task for task in tasks}
    while (group := schedule.group_wanted()) is not None:
        for tests in order(schedule, group):
            assert list(tests) == sorted(tests)
            assert len({by_test[test].unit for test in tests}) == 1
            assert len(tests) == 1 or not by_test[tests[0]].spread
        schedule.done(1)


def test_the_best_tier_comes_first_then_what_failed_then_the_longest() -> None:
    schedule = Schedule()
    schedule.add(
        [
            task(1, unit=1, tier_order=1, failed_last=True, usual=9.0),
            task(2, unit=2, usual=1.0),
            task(3, unit=3, usual=5.0),
            task(4, unit=4, usual=0.1, failed_last=True),
            task(5, unit=5, tier_order=2),
            task(6, unit=5, tier_order=0, usual=3.0),
        ]
    )
    assert order(schedule) == [(4,), (3,), (5, 6), (2,), (1,)]


def test_equals_keep_the_order_in_which_they_were_collected() -> None:
    schedule = Schedule()
    schedule.add([task(n, unit=n) for n in range(5)])
    assert order(schedule) == [(n,) for n in range(5)]


def test_an_exclusive_suite_waits_for_the_others_and_then_they_for_it() -> None:
    schedule = Schedule()
    schedule.add([task(1, unit=1), task(2, unit=2, suite="alone", exclusive=True), task(3, unit=3, tier_order=1)])
    assert schedule.next(1, 0) == Unit(0, "s", False, None, (1,))
    assert schedule.next(2, 0) is None
    assert schedule.next(1, 0) == Unit(0, "alone", True, None, (2,))
    assert schedule.next(2, 0) is None
    schedule.done(1)
    assert schedule.next(2, 0) == Unit(0, "s", False, None, (3,))


def test_a_capped_suite_lets_others_pass() -> None:
    schedule = Schedule()
    schedule.add([task(1, unit=1, cap=1), task(2, unit=2, cap=1), task(3, unit=3, suite="t", tier_order=1)])
    first, second, third = (schedule.next(worker, 0) for worker in (1, 2, 3))
    assert isinstance(first, Unit) and first.tests == (1,)
    assert isinstance(second, Unit) and second.tests == (3,)
    assert third is None
    schedule.done(1)
    assert schedule.group_wanted() == 0


def test_what_a_lost_worker_had_not_begun_comes_first_again() -> None:
    schedule = Schedule()
    schedule.add([task(1), task(2), task(3), task(4, unit=1)])
    assert isinstance(schedule.next(1, 0), Unit)
    assert schedule.waiting() == {4}
    schedule.lost(1, [2, 3])
    assert order(schedule) == [(2, 3), (4,)]


def test_a_worker_of_another_zygote_is_told_which_one_is_wanted() -> None:
    schedule = Schedule()
    schedule.add([task(1, group=1)])
    assert schedule.next(1, 0) == Switch(1)
    assert schedule.group_wanted() == 1


def test_a_fork_is_not_given_what_must_run_cold_nor_a_fresh_process_what_may_be_forked() -> None:
    schedule = Schedule()
    schedule.add([task(1, cold="it has disagreed"), task(2)])
    assert schedule.next(1, 0, is_cold=False) == Switch(0)
    assert schedule.next(1, 0, is_cold=True) == Unit(0, "s", False, None, (1,), "it has disagreed")
    assert schedule.next(1, 0, is_cold=True) == Switch(0)
    assert schedule.next(2, 0) == Unit(0, "s", False, None, (2,)), "where none can be forked all are alike"


def test_a_rerun_comes_before_all_that_waits() -> None:
    schedule = Schedule()
    schedule.add([task(1, unit=1)])
    schedule.add([task(2, unit=2, tier_order=5)], first=True)
    assert order(schedule) == [(2,), (1,)]


def test_what_is_cleared_is_told() -> None:
    schedule = Schedule()
    schedule.add([task(1), task(2), task(3, unit=1)])
    schedule.next(1, 0)
    assert schedule.clear() == [3]
    assert schedule.is_empty
