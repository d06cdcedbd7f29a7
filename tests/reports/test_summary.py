"""What stays in the scrollback: the verdict, the counts, what failed, how to come back, and not a screen more."""

from __future__ import annotations

from hypothesis import given, settings

from tests.histories import histories
from tests.reports.test_lines import story
from tests.scripted import Script, simple, state_of
from tui import events as e
from tui.gate import verdict
from tui.reports.summary import LONGEST_MESSAGE, failure_words, group_lines, summary, tier_lines

BACK = "stagewatch attach shop-1 shows it again"


def of(script: Script) -> list[str]:
    state = script.state()
    return summary(state, verdict(state, state.now), BACK)


def test_a_summary() -> None:
    assert of(story()) == [
        "NO-GO, final: 1 of 3 P1 tests fails, P1 allows none",
        "  and: 1 of 1 test in core fails, core allows none",
        "iteration 3 of shop, target staging, revision 8f3c2e1, 0:17",
        "4 tests: 2 passed, 1 error, 1 crashed; 1 flaky",
        "error      P1  tests/broken.py  SyntaxError: invalid syntax",
        "crashed    core  tests/o.py::test_d  crashed",
        "not checked: 1 worker lost",
        "not checked: 1 module could not be collected",
        "not checked: results are not recorded: disk full",
        BACK,
    ]


def test_a_good_run_is_short() -> None:
    assert of(simple("passed")) == [
        "GO, decided by this pass: 1 of 1 passed, nothing blocks",
        "iteration 3 of shop, 0:06",
        "1 test: 1 passed",
        BACK,
    ]


def test_many_failures_are_a_few_and_a_number() -> None:
    lines = of(simple(*["failed"] * 45))  # type: ignore[arg-type]
    assert sum(line.startswith("failed") for line in lines) == 20
    assert "and 25 failing tests more" in lines


def test_failures_that_are_alike_are_one_line() -> None:
    script = Script()
    tests = script.found("a.py::a", "a.py::b", tier="P2") + script.found("a.py::c", tier="P1")
    script.collected().asked(tests)
    for test in tests:
        script.ran(test, "failed", "HTTP 403", signature=e.Signature("WebSocketError", "HTTP 403", "tests/ws.py:dial"))
    assert group_lines(script.state()) == [
        "failures   3 tests: WebSocketError: HTTP 403  at tests/ws.py:dial  in P2, P1  since 0:06"
    ]


def test_a_rate_is_never_rounded_up_to_all() -> None:
    outcomes: list[e.Outcome] = [*["passed"] * 2999, "failed"]  # type: ignore[list-item]
    assert tier_lines(simple(*outcomes).state()) == ["tier       P1: 3000 tests: 2999 passed, 1 failed, 99.9%  FAILING"]


def test_a_failure_is_one_line_that_names_its_exception_once() -> None:
    assert failure_words(e.Signature("KeyError", "x"), "\n KeyError: 'x'\nmore") == "KeyError: 'x'"
    assert failure_words(e.Signature("Refused", "x"), "app.errors.Refused: Refused: x") == "Refused: x"
    assert failure_words(e.Signature("AssertionError", ""), "assert 1 == 2") == "AssertionError: assert 1 == 2"
    assert failure_words(None, "") == ""
    assert len(failure_words(None, "x" * 1_000_000)) == LONGEST_MESSAGE


@given(histories())
@settings(max_examples=50)
def test_any_state_has_one(history: list[e.Event]) -> None:
    state = state_of(history)
    lines = [*tier_lines(state), *group_lines(state), *summary(state, verdict(state, state.now), BACK)]
    assert all(line.isprintable() for line in lines)
    assert lines[-1] == BACK
