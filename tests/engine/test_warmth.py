"""When a fork's failure is confirmed, and what counts as a contradiction."""

from __future__ import annotations

import pytest

from tui import events as e
from tui.engine.warmth import Contradiction, Warmth
from tui.plan.model import Confirm


def finished(outcome: e.Outcome, *, cold: bool = False) -> e.TestFinished:
    return e.TestFinished(9.0, 1, 1, 1, outcome, 8.0, 1.0, cold_reason="some reason" if cold else None)


@pytest.mark.parametrize(
    ("confirm", "ever", "confirms"),
    [
        ("always", False, True),
        ("never", True, False),
        ("when-disagreed", False, False),
        ("when-disagreed", True, True),
    ],
)
def test_the_plan_says_whether_it_is_confirmed(confirm: Confirm, ever: bool, confirms: bool) -> None:
    warmth = Warmth(confirm)
    warmth.remember(ever, ())
    assert warmth.is_confirming is confirms


def test_one_disagreement_has_the_failures_of_other_modules_confirmed_too() -> None:
    warmth = Warmth("when-disagreed")
    warmth.distrust("test_a.py")
    assert warmth.is_confirming
    assert warmth.cold_reason("test_a.py") and not warmth.cold_reason("test_b.py")
    warmth.trust(["test_a.py"])
    assert not warmth.cold_reason("test_a.py")
    assert warmth.is_confirming, "that they once have is not forgotten"


@pytest.mark.parametrize(
    ("warm", "cold", "contradicts"),
    [
        ("failed", "passed", True),
        ("passed", "failed", True),
        ("crashed", "xpassed", True),
        ("failed", "error", False),
        ("passed", "xfailed", False),
        ("failed", "skipped", False),
        ("cancelled", "passed", False),
    ],
)
def test_a_contradiction_is_good_against_bad(warm: e.Outcome, cold: e.Outcome, contradicts: bool) -> None:
    warmth = Warmth("always")
    assert warmth.hear(finished(warm), "known") is None
    found = warmth.hear(finished(cold, cold=True), "known")
    assert found == (Contradiction(1, warm, cold, "known") if contradicts else None)


def test_what_is_known_to_have_changed_in_between_explains_it() -> None:
    warmth = Warmth("always")
    warmth.hear(finished("failed"), "before")
    assert warmth.hear(finished("passed", cold=True), "after") is None


def test_two_fresh_processes_contradict_no_fork() -> None:
    warmth = Warmth("always")
    warmth.hear(finished("passed"), "known")
    warmth.hear(finished("passed", cold=True), "known")
    assert warmth.hear(finished("failed", cold=True), "known") is None


def test_of_another_revision_nothing_is_held_against_it() -> None:
    warmth = Warmth("always")
    warmth.hear(finished("failed"), "known")
    warmth.begin_again()
    assert warmth.hear(finished("passed", cold=True), "known") is None
