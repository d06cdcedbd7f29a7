"""Failures at length, at the end of the plain stream."""

from __future__ import annotations

from tests.scripted import Script
from tui.events import Evidence, Signature
from tui.reports.tracebacks import MOST, traceback_lines


def failing(groups: int, tests: int) -> Script:
    script = Script()
    ids = script.found(*(f"tests/x.py::test_{group}[{test}]" for group in range(groups) for test in range(tests)))
    script.collected().asked(ids)
    for position, id in enumerate(ids):
        signature = Signature("AssertionError", f"group {position // tests}")
        script.ran(id, "failed", "no", signature=signature, has_evidence=True)
    return script


def test_the_first_of_each_group_is_told_with_what_it_printed() -> None:
    left = Evidence(
        traceback="> assert 1 == 2\nE assert 1 == 2\n", sections=(("Captured stdout call", "asked \x1b[31m\n"),)
    )
    lines = traceback_lines(failing(2, 3).state(), lambda test, attempt: left)
    assert lines[:6] == [
        "",
        "---- tests/x.py::test_0[0]  (and 2 tests alike)",
        "> assert 1 == 2",
        "E assert 1 == 2",
        "-- Captured stdout call",
        "asked \\x1b[31m",
    ]
    assert [line for line in lines if line.startswith("----")][1:] == [
        "---- tests/x.py::test_1[0]  (and 2 tests alike)"
    ]


def test_what_is_long_or_many_keeps_its_end_and_says_so() -> None:
    left = Evidence(traceback="\n".join(f"line {number}" for number in range(100)))
    lines = traceback_lines(failing(MOST + 2, 1).state(), lambda test, attempt: left)
    assert lines[2:4] == ["... 40 lines ...", "line 40"]
    assert lines[-1] == "and 2 more groups of failures"


def test_evidence_that_is_not_there_is_left_out() -> None:
    assert traceback_lines(failing(1, 1).state(), lambda test, attempt: None) == []
