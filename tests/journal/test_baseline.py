from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from tests.journal.runs import finished, found, run
from tui import events as e
from tui.journal.baseline import Baseline
from tui.journal.journal import Journal

Write = Callable[..., int]


def test_a_usual_duration_is_the_median_of_the_latest_ten_passes(journal: Journal, write: Write) -> None:
    name = found(0).node, 0
    for duration in [1000.0] * 5 + [float(n) for n in range(1, 10)] + [60.0]:
        write([*run(["passed"], ends=False)[:-2], finished(0, duration=duration)])

    assert journal.baseline(before=16).usual == {name: pytest.approx(5.5)}
    assert journal.baseline(before=3).usual == {name: 1000.0}


def test_only_passes_tell_how_long_a_test_takes(journal: Journal, write: Write) -> None:
    write(run(["failed", "passed"]))

    assert journal.baseline(before=2).usual == {(found(1).node, 0): 0.5}


def test_the_last_outcome_is_that_of_the_last_attempt_that_says_something(journal: Journal, write: Write) -> None:
    write([*run(["passed", "failed"], ends=False), finished(0, "failed")])
    write(run(["cancelled", "passed"]))

    names = [(found(id).node, 0) for id in (0, 1)]
    assert journal.baseline(before=3).last == dict(zip(names, ["failed", "passed"], strict=True))
    assert journal.baseline(before=2).last == dict(zip(names, ["failed", "failed"], strict=True))


def test_a_baseline_is_only_of_the_tests_asked_for(journal: Journal, write: Write) -> None:
    write(run(["passed", "failed"]))

    asked = [(found(1).node, 0), (found(1).node, 1), ("never seen", 0)]
    assert journal.baseline(before=2, tests=asked).last == {(found(1).node, 0): "failed"}


def test_tests_are_known_again_whatever_number_the_run_gave_them(journal: Journal, write: Write) -> None:
    write(run(["passed", "failed"], tests=[found(0, "a"), found(1, "b")]))
    write(run(["passed"], tests=[found(0, "b")]))

    assert journal.baseline(before=3).last == {("a", 0): "passed", ("b", 0): "passed"}


def test_a_trend_has_the_latest_seven_iterations_oldest_first(journal: Journal, write: Write) -> None:
    for failing in range(9):
        write(run(["failed"] * failing + ["passed"] * (9 - failing)))

    assert journal.trend(before=10) == {"P1": (2, 3, 4, 5, 6, 7, 8)}
    assert journal.trend(before=3) == {"P1": (0, 1)}


def test_a_tier_that_did_not_run_is_no_zero_in_its_trend(journal: Journal, write: Write) -> None:
    tests = [found(0, tier="P1"), found(1, tier="P2")]
    write(run(["failed", "passed"], tests=tests))
    write(run(["failed"], tests=tests[:1]))

    assert journal.trend(before=3) == {"P1": (1, 1), "P2": (0,)}


def test_a_module_runs_cold_from_a_disagreement_to_the_day_it_is_trusted(journal: Journal, write: Write) -> None:
    write([*run(["passed"], ends=False), e.Disagreed(102.0, 0, "a.py", "failed", "passed")])
    write([*run(["passed"], ends=False), e.Disagreed(103.0, 0, "b.py", "failed", "passed")])
    assert journal.baseline(before=3).distrusted == {"a.py", "b.py"}

    journal.trust(104.0, "ann", ("a.py",))
    now = journal.baseline(before=3)
    assert (now.distrusted, now.has_disagreed, journal.distrusted()) == ({"b.py"}, True, {"b.py": (2, 103.0)})

    write([*run(["passed"], ends=False), e.Disagreed(105.0, 0, "a.py", "failed", "passed")])
    assert journal.baseline(before=4).distrusted == {"a.py", "b.py"}


def test_a_warm_failure_that_was_to_be_confirmed_makes_no_test_flaky(journal: Journal, write: Write) -> None:
    warm = msgspec.structs.replace(finished(0, "failed"), unconfirmed=True)
    write([*run(["passed"], ends=False), warm, finished(0, "passed")])
    assert journal.baseline(before=2).flaky == {}
    write([*run(["passed"], ends=False), finished(0, "failed"), finished(0, "passed")])
    assert journal.baseline(before=3).flaky, "an ordinary failure does"


def test_a_disagreement_of_warm_and_cold_makes_no_test_flaky(journal: Journal, write: Write) -> None:
    write([*run(["failed"], ends=False), finished(0, "passed"), e.Disagreed(102.0, 0, "a.py", "failed", "passed")])
    write([*run(["passed"])])
    assert journal.baseline(before=3).flaky == {}


def test_without_a_past_nothing_is_expected(journal: Journal) -> None:
    assert journal.baseline(before=1) == Baseline.nothing()
    assert journal.trend(before=1) == {}


def test_the_spread_is_the_median_deviation_so_that_one_slow_day_does_not_widen_it(
    journal: Journal, write: Write
) -> None:
    for duration in (1.0, 1.1, 0.9, 1.2, 30.0):
        write([*run(["passed"], ends=False)[:-2], finished(0, duration=duration)])

    assert journal.baseline(before=6).spread == {(found(0).node, 0): pytest.approx(0.1)}


def test_the_last_outcome_says_where_it_comes_from(journal: Journal, write: Write) -> None:
    write(run(["failed"]))
    write(run(["cancelled"]))

    assert journal.baseline(before=3).origin == {(found(0).node, 0): (1, None)}
