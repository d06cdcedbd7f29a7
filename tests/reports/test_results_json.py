"""The results document says what the state says, in the published shape."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import msgspec
import pytest
from hypothesis import given, settings

from tests.histories import histories
from tests.scripted import Script, disagreement, simple, state_of
from tui import events as e
from tui.events import Evidence
from tui.gate import verdict
from tui.plan.model import Plan, Suite, Target, Tier
from tui.reports import schemas
from tui.reports.results_json import encode, results
from tui.state import RunState

SCHEMA = json.loads(schemas.schemas()["results.json"])
LEFT_BEHIND = Evidence(
    traceback="tests/x.py:7: in test_a\n    assert 1 == 2",
    sections=(("Captured stdout call", "hello\n"),),
    subtests=(e.Subtest("(i=1)", "failed", "assert 1 == 2"),),
    stacks="Thread 0x1 (most recent call first): …",
    cut=("output: 3 MB left out",),
)


def document(state: RunState, evidence: Evidence | None = None) -> dict[str, Any]:
    made = json.loads(encode(results(state, verdict(state, state.now), lambda test, attempt: evidence)))
    assert isinstance(made, dict)
    return made


def test_the_published_schema_is_not_stale() -> None:
    for name, schema in schemas.schemas().items():
        assert (schemas.FOLDER / name).read_bytes() == schema, "run: python -m tui.reports.schemas"


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@given(histories())
@settings(max_examples=50)
def test_any_state_makes_a_document_of_the_published_shape(history: list[e.Event]) -> None:
    made = document(state_of(history), LEFT_BEHIND)
    jsonschema.validate(made, SCHEMA, jsonschema.Draft202012Validator)
    assert sum(made["counts"].values()) == len(made["tests"])
    for part in ("tiers", "suites"):
        total = {outcome: sum(one["counts"][outcome] for one in made[part]) for outcome in made["counts"]}
        assert total == made["counts"]


def test_every_published_field_is_there() -> None:
    plan = Plan(
        source="stagewatch.toml",
        target=Target(name="staging"),
        tiers=(Tier("P1", "critical", 1),),
        suites=(Suite("s", "P1", "shop"),),
    )
    script = Script(plan, revision="8f3c2e1")
    tests = script.found("tests/x.py::test_a", "tests/x.py::test_b")
    script.collected().asked(tests)
    script.ran(tests[0], "timeout", "over 30 s", exit=e.Exit(signal="SIGKILL"), has_evidence=True, age=2.5)
    script.ran(tests[1])
    script.asked(tests[:1]).ran(tests[0], cold_reason="3 threads run").pass_ended()
    made = document(script.state(), LEFT_BEHIND)
    assert {key: value for key, value in made.items() if key not in {"tests", "counts", "tiers", "suites"}} == {
        "version": 1,
        "iteration": 3,
        "state": "finished",
        "target": {"name": "staging", "revision": "8f3c2e1", "unreachable": None},
        "verdict": "go",
        "standing": "decided",
        "reasons": ["2 of 2 passed, nothing blocks"],
        "not_checked": [],
        "valid_until": None,
        "override": None,
        "actions": [],
        "exit_code": 0,
        "flaky": 0,
        "carried": 0,
        "started": "2025-09-07T00:31:00.000+00:00",
        "duration": 11.0,
        "collection_errors": [],
    }
    assert made["counts"]["passed"] == 2 and made["counts"]["failed"] == 0
    assert [(tier["id"], tier["title"], tier["counts"]["passed"]) for tier in made["tiers"]] == [("P1", "critical", 2)]
    assert [(suite["id"], suite["title"], suite["tier"]) for suite in made["suites"]] == [("s", "shop", "P1")]
    first = made["tests"][0]
    attempts = first.pop("attempts")
    assert first == {
        "id": "tests/x.py::test_a", "ordinal": 0, "suite": "s", "tier": "P1", "outcome": "passed", "flaky": False,
        "disagreed": False, "carried": False, "duration": 0.31, "failing_since": None, "flaky_before": None,
    }  # fmt: skip
    assert attempts[0] == {
        "number": 1,
        "outcome": "timeout",
        "warm": True,
        "cold_reason": None,
        "generation": 1,
        "age": 2.5,
        "unconfirmed": False,
        "disagreed_with": None,
        "worker": 1,
        "requested": "2025-09-07T00:31:04.500+00:00",
        "started": "2025-09-07T00:31:04.690+00:00",
        "duration": 0.31,
        "stamp": None,
        "why": None,
        "phases": {"setup": 0.01, "call": 0.31, "teardown": 0.02},
        "message": "over 30 s",
        "traceback": LEFT_BEHIND.traceback,
        "exit": {"code": None, "signal": "SIGKILL", "stacks": LEFT_BEHIND.stacks},
        "subtests": [{"name": "(i=1)", "outcome": "failed", "message": "assert 1 == 2"}],
        "sections": [["Captured stdout call", "hello\n"]],
        "cut": ["output: 3 MB left out"],
    }
    assert (attempts[1]["warm"], attempts[1]["cold_reason"]) == (False, "3 threads run")
    assert (attempts[1]["generation"], attempts[1]["age"]) == (1, None)
    assert (attempts[1]["message"], attempts[1]["traceback"], attempts[1]["exit"]) == (None, None, None)


def test_a_collection_error_is_also_a_test() -> None:
    script = simple("passed")
    script.uncollectable("tests/broken.py", "SyntaxError: invalid syntax")
    made = document(script.state())
    assert made["collection_errors"] == [{"path": "tests/broken.py", "message": "SyntaxError: invalid syntax"}]
    broken = made["tests"][-1]
    assert (broken["id"], broken["outcome"]) == ("tests/broken.py", "error")
    assert (broken["attempts"][0]["worker"], broken["attempts"][0]["warm"]) == (None, None)
    assert made["counts"]["error"] == 1


@pytest.mark.parametrize(
    ("script", "state"),
    [
        (Script(), "running"),
        (simple("passed"), "finished"),
        (simple("passed").ended(), "finished"),
        (simple("passed").ended(interrupted=True), "finished"),
        (simple("passed", "not-run").asked([2]).ended(interrupted=True), "interrupted"),
    ],
)
def test_how_far_the_iteration_is(script: Script, state: str) -> None:
    assert document(script.state())["state"] == state


def test_evidence_is_asked_for_only_where_some_was_left() -> None:
    state = simple("passed", "failed").state()
    results(state, verdict(state, state.now), lambda test, attempt: pytest.fail("nothing was left"))


def test_a_reader_of_today_reads_it_back() -> None:
    state = simple("passed", "failed").state()
    made = results(state, verdict(state, state.now), lambda test, attempt: None)
    assert msgspec.json.decode(encode(made), type=type(made)) == made


def test_a_disagreement_of_warm_and_cold_is_in_the_test_and_its_attempts() -> None:
    made = document(disagreement().state())
    first, second = made["tests"]
    assert (first["disagreed"], first["flaky"], second["disagreed"]) == (True, False, False)
    assert [(a["warm"], a["unconfirmed"], a["disagreed_with"]) for a in first["attempts"]] == [
        (True, False, None), (True, True, None), (False, False, "failed"),
    ]  # fmt: skip
