"""Which tests are canaries, and what follows from how they fare."""

from __future__ import annotations

from tests.scripted import Script
from tui.session.canary import canaries, verdict_on


def failed(*messages: str) -> Script:
    script = Script()
    tests = script.found(*(f"x.py::test_{number}" for number in range(len(messages))))
    script.collected().asked(tests)
    for test, message in zip(tests, messages, strict=True):
        script.ran(test, "failed", message)
    return script.pass_ended()


def test_the_first_of_each_group_goes_first() -> None:
    state = failed("a", "b", "a", "b", "c").state()
    assert canaries([1, 2, 3, 4, 5], state) == ([1, 2, 5], [3, 4])
    assert canaries([3, 4], state) == ([3, 4], []), "only of those that are to run"


def test_one_that_fails_with_nobody_is_one_by_itself() -> None:
    state = failed("a").state()
    assert canaries([1, 99], state) == ([1, 99], [])


def test_all_must_pass() -> None:
    script = failed("a", "b", "a").asked([1, 2]).ran(1)
    assert verdict_on([1, 2], 1, script.state()) == (
        "1 of 2 canaries did not pass: 1 test that failed alike did not run again"
    )
    assert verdict_on([1, 2], 1, script.ran(2).state()) == ""
    assert verdict_on([2], 3, failed("a", "b").state()).startswith("the canary did not pass: 3 tests")
