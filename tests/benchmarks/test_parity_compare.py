"""What parity calls the same, unsteady and different."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
from parity_compare import Comparison, Record, Result, compare, outcome_of, plain_record, stagewatch_record

sys.path.pop(0)


def _record(**outcomes: str) -> Record:
    return Record({(name, 0): Result(outcome, [], []) for name, outcome in outcomes.items()}, {})


def _printed(text: str) -> Record:
    return Record({("a", 0): Result("passed", [("Captured stdout call", text)], [])}, {})


def _verdict(found: Comparison) -> tuple[int, int, int]:
    return found.same, len(found.unsteady), len(found.differences)


def test_the_same() -> None:
    assert _verdict(compare(_record(a="passed"), _record(a="passed"), _record(a="passed"))) == (1, 0, 0)


def test_another_outcome_is_a_difference() -> None:
    assert _verdict(compare(_record(a="passed"), _record(a="passed"), _record(a="failed"))) == (0, 0, 1)


def test_an_outcome_that_changes_by_itself_is_unsteady_only_if_ours_is_neither() -> None:
    one, two = _record(a="passed"), _record(a="failed")
    assert _verdict(compare(one, two, _record(a="failed"))) == (1, 0, 0)
    assert _verdict(compare(one, two, _record(a="error"))) == (0, 1, 0)


def test_a_missing_test_and_one_too_many_are_differences() -> None:
    both, one = _record(a="passed", b="passed"), _record(a="passed")
    assert _verdict(compare(both, both, one)) == (1, 0, 1)
    assert _verdict(compare(one, one, both)) == (1, 0, 1)


def test_ids_made_of_the_clock_are_matched_by_shape() -> None:
    one, two, ours = (Record({(f"t[{n}]", 0): Result("passed", [], [])}, {}) for n in (1, 2, 3))
    assert _verdict(compare(one, two, ours)) == (0, 1, 0)
    ours.tests[("t[3]", 0)].outcome = "failed"
    assert _verdict(compare(one, two, ours)) == (0, 0, 1)
    assert _verdict(compare(one, two, _record())) == (0, 0, 1)


def test_output_that_is_steady_must_be_equal_to_the_letter() -> None:
    assert _verdict(compare(_printed("0x7f00aa"), _printed("0x7f00aa"), _printed("0x7f00ab"))) == (0, 0, 1)


def test_addresses_times_and_paths_are_put_aside_where_pytest_differs_from_itself() -> None:
    one, two, ours = (
        _printed(
            f"<a at 0x7f00a{n}> /tmp/pytest-of-me/pytest-{n}/x in 0.{n}s 127.0.0.1:5{n} <Mock id='1403391234{n}'> \""
        )
        for n in (10, 20, 30)
    )
    found = compare(one, two, ours)
    assert (_verdict(found), found.after_mask) == ((1, 0, 0), 1)
    assert _verdict(compare(one, two, _printed("something else"))) == (0, 0, 1)


def test_output_that_changes_by_itself_is_listed_as_unsteady() -> None:
    assert _verdict(compare(_printed("x"), _printed("y"), _printed("z"))) == (0, 1, 0)


def test_a_missing_section_is_a_difference() -> None:
    assert _verdict(compare(_printed("x"), _printed("x"), _record(a="passed")))[2] >= 1


def test_a_section_that_was_cut_is_said_and_not_compared() -> None:
    ours = _printed("short")
    ours.tests[("a", 0)].cut = ("Captured stdout call: 9,000 characters in the middle",)
    found = compare(_printed("long"), _printed("long"), ours)
    assert (_verdict(found), len(found.cut)) == ((1, 0, 0), 1)


def test_collection_errors() -> None:
    broken = Record({}, {"test_x.py": "SyntaxError"})
    assert _verdict(compare(broken, broken, broken)) == (0, 0, 0)
    assert _verdict(compare(broken, broken, _record())) == (0, 0, 1)
    assert _verdict(compare(_record(), _record(), broken)) == (0, 0, 1)


def _report(when: str, outcome: str = "passed", *, xfail: bool = False, subtest: str | None = None) -> dict[str, Any]:
    return {"when": when, "outcome": outcome, "xfail": xfail, "subtest": subtest, "sections": [], "text": ""}


@pytest.mark.parametrize(
    ("reports", "outcome"),
    [
        ([_report("setup"), _report("call"), _report("teardown")], "passed"),
        ([_report("setup"), _report("call", "failed"), _report("teardown", "failed")], "failed"),
        ([_report("setup"), _report("call"), _report("teardown", "failed")], "error"),
        ([_report("setup"), _report("call", "skipped"), _report("teardown", "failed")], "error"),
        ([_report("setup", "failed"), _report("teardown")], "error"),
        ([_report("setup", "skipped"), _report("teardown")], "skipped"),
        ([_report("setup"), _report("call", "skipped", xfail=True), _report("teardown")], "xfailed"),
        ([_report("setup"), _report("call", xfail=True), _report("teardown")], "xpassed"),
        ([_report("setup"), _report("call", "failed", subtest="[a]"), _report("call"), _report("teardown")], "failed"),
        ([], "not-run"),
        ([_report("setup")], "not-run"),
    ],
)
def test_outcomes(reports: list[dict[str, Any]], outcome: str) -> None:
    assert outcome_of(reports) == outcome


def test_both_files_become_the_same_record() -> None:
    plain = {
        "tests": [
            {
                "id": "t.py::a\ud800",
                "ordinal": 1,
                "reports": [
                    {**_report("setup"), "sections": [["Captured stdout setup", "s"]]},
                    {**_report("call", subtest="[x]"), "sections": []},
                    {
                        **_report("call"),
                        "sections": [["Captured stdout setup", "s"], ["Captured stdout call", "secret"]],
                    },
                    _report("teardown"),
                ],
            }
        ],
        "collection_errors": [{"path": "bad.py", "message": "no"}],
    }
    attempt = {
        "number": 1, "outcome": "passed", "worker": 2, "started": "2025-01-01T00:00:00Z",
        "traceback": None, "message": None,
        "subtests": [{"name": "[x]", "outcome": "passed", "message": None}], "cut": [],
        "sections": [["Captured stdout setup", "s"], ["Captured stdout call", "masked"]],
    }  # fmt: skip
    ours = {
        "tests": [
            {
                "id": "t.py::a\\ud800",
                "ordinal": 1,
                "outcome": "failed",
                "attempts": [attempt, {**attempt, "outcome": "failed"}],
            },
            {"id": "bad.py", "ordinal": 0, "outcome": "error", "attempts": []},
        ],
        "collection_errors": [{"path": "bad.py", "message": "no"}],
    }
    record = stagewatch_record(ours)
    assert record.order == {2: [("t.py::a\\ud800", 1)]}
    reference = plain_record(plain, lambda text: text.replace("secret", "masked"))
    assert (record.tests, record.collection_errors) == (reference.tests, reference.collection_errors)
