"""Two iterations compared: what is fixed has passed, what has not run again is not yet known, and nothing is lost."""

from __future__ import annotations

import json

import jsonschema
import msgspec
from hypothesis import given, settings

from tests.histories import histories
from tests.scripted import Script, state_of
from tui import events as e
from tui.gate import verdict
from tui.plan.model import Plan, Target
from tui.reports import schemas
from tui.reports.comparison import comparison, comparison_lines
from tui.state import RunState
from tui.state.comparing import by_change, by_signature, compare, known_changes

SCHEMA = json.loads(schemas.schemas()["comparison.json"])


def iteration(
    outcomes: dict[str, e.Outcome], *, revision: str | None = None, digest: str = "d1", duration: float = 0.31
) -> RunState:
    """One test a name, each with one attempt; *not-run* has none. A test is usually as quick as 0.31 s."""
    script = Script(revision=revision)
    tests = dict(zip(outcomes, script.found(*outcomes, usual=0.31), strict=True))
    script.collected(digest=digest).asked(tests.values())
    for name, test in tests.items():
        if outcomes[name] != "not-run":
            script.ran(test, outcomes[name], "assert 1 == 2", duration=duration)
    return script.pass_ended().state()


def changes(older: RunState, newer: RunState) -> dict[str, str]:
    return {one.test.node: one.change for one in compare(older, newer)}


def test_each_kind_of_change_is_told_apart() -> None:
    before: dict[str, e.Outcome] = {
        "a": "passed", "b": "failed", "c": "failed", "d": "failed", "e": "passed", "f": "passed",
    }  # fmt: skip
    after: dict[str, e.Outcome] = {
        "a": "failed",
        "b": "failed",
        "c": "passed",
        "d": "not-run",
        "e": "passed",
        "g": "passed",
    }
    assert changes(iteration(before, revision="r1"), iteration(after, revision="r2")) == {
        "a": "newly failing", "b": "still failing", "c": "fixed", "d": "not yet known", "e": "same", "g": "new",
        "f": "gone",
    }  # fmt: skip


def test_groups_of_failures_appear_grow_shrink_and_are_no_longer_seen() -> None:
    def failing(**counts: int) -> RunState:
        script = Script()
        tests = script.found(*(f"{said}_{n}" for said, count in counts.items() for n in range(count)))
        script.collected().asked(tests)
        for test, said in zip(tests, (said for said, count in counts.items() for _ in range(count)), strict=True):
            script.ran(test, "failed", said)
        return script.pass_ended().state()

    moved = by_signature(failing(went=1, fewer=2, same=1, more=1), failing(fewer=1, same=1, more=2, new=1))
    assert {one.signature.message: (one.before, one.after, one.word) for one in moved} == {
        "more": (1, 2, "grew"), "fewer": (2, 1, "shrank"), "same": (1, 1, "the same"), "new": (0, 1, "appeared"),
        "went": (1, 0, "no longer seen"),
    }  # fmt: skip


def test_a_target_that_was_started_otherwise_is_named() -> None:
    def started(*more: str) -> RunState:
        plan = Plan("stagewatch.toml", Target("demo", start=("python", "-m", "target", *more)))
        return Script(plan=plan).collected().state()

    assert known_changes(started("--fault", "B3"), started()) == "the target was started without --fault B3"
    assert known_changes(started(), started("--fault", "B3")) == "the target was started with --fault B3"
    assert known_changes(started(), started()) == ""


def test_a_failure_that_passes_with_nothing_changed_is_flaky_and_else_names_what_changed() -> None:
    failed = iteration({"a": "failed"}, revision="r1", digest="d1")
    assert changes(failed, iteration({"a": "passed"}, revision="r1", digest="d1")) == {"a": "flaky"}
    fixed = compare(failed, iteration({"a": "passed"}, revision="r2", digest="d2"))
    assert [(one.change, one.why) for one in fixed] == [("fixed", "revision r1 is now r2, sources changed")]


def test_a_fork_that_failed_and_a_fresh_process_that_passes_are_no_flake() -> None:
    cold = Script()
    tests = cold.found("a", usual=0.31)
    cold.collected(cold_reason="a thread").asked(tests).ran(tests[0], cold_reason="a thread").pass_ended()
    found = compare(iteration({"a": "failed"}), cold.state())
    assert [(one.change, one.why) for one in found] == [("fixed", "it ran warm before and cold now")]


def test_a_new_test_that_fails_is_newly_failing() -> None:
    assert changes(iteration({}), iteration({"a": "failed"})) == {"a": "newly failing"}


def test_slower_is_more_than_noise() -> None:
    usual = iteration({"a": "passed"})
    assert changes(usual, iteration({"a": "passed"}, duration=0.34)) == {"a": "same"}
    assert changes(usual, iteration({"a": "passed"}, duration=0.9)) == {"a": "slower"}


def test_a_skip_cures_nothing() -> None:
    assert changes(iteration({"a": "failed"}), iteration({"a": "skipped"})) == {"a": "not yet known"}


def test_lines_begin_with_numbers_and_say_what_became_of_each() -> None:
    older = iteration({"a": "passed", "b": "failed"}, revision="r1")
    newer = iteration({"a": "failed", "b": "passed"}, revision="r2")
    assert comparison_lines(older, verdict(older, 0), newer, verdict(newer, 0)) == [
        "iteration 3: revision r2, no-go, 1 passed, 1 failed",
        "compared with 3: revision r1, no-go, 1 passed, 1 failed",
        "changed: revision r1 is now r2",
        "1 newly failing, 0 still failing, 1 fixed, 0 flaky, 0 slower, 0 new, 0 gone, 0 not yet known, 0 same",
        "",
        "newly failing (1)",
        "  P1  a  passed -> failed  AssertionError: assert 1 == 2",
        "",
        "fixed (1)",
        "  P1  b  failed -> passed  (revision r1 is now r2)",
    ]


@settings(max_examples=60, deadline=None)
@given(histories(), histories())
def test_every_test_of_both_is_in_exactly_one_list(older: list[e.Event], newer: list[e.Event]) -> None:
    before, after = state_of(older), state_of(newer)
    found = by_change(compare(before, after))
    listed = [one for tests in found.values() for one in tests]
    assert sorted(one.newer.id for one in listed if one.newer) == sorted(test.id for test in after.present())
    there = {(test.node, test.ordinal) for test in after.present()}
    gone = {(test.node, test.ordinal) for test in before.present()} - there
    assert {(one.test.node, one.test.ordinal) for one in found["gone"]} == gone
    document = comparison(before, verdict(before, 0), after, verdict(after, 0))
    jsonschema.validate(json.loads(msgspec.json.encode(document)), SCHEMA)
    assert sum(document.counts.values()) == len(listed)
    assert all(one.outcome in ("passed", "xfailed", "xpassed") for c in found["fixed"] if (one := c.newer))
