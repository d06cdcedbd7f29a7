"""Why a test changed colour: what is known to have changed, or *flaky*."""

from __future__ import annotations

import msgspec
import pytest

from tests.scripted import Script, simple
from tui import events as e
from tui.plan.model import Plan, Target
from tui.state.colours import Turn, turn

BEFORE = {"": {"URL": "1"}, "s": {"FAULT": "a", "LEVEL": "x"}, "t": {"OTHER": "o"}}


def words(script: Script, test: int = 1) -> list[str | None]:
    state = script.state()
    found = (turn(state, state.tests[test], index) for index in range(len(state.tests[test].attempts)))
    return [None if one is None else one.words for one in found]


def again(script: Script, outcome: e.Outcome) -> Script:
    return script.asked([1]).ran(1, outcome).pass_ended()


@pytest.mark.parametrize("first, then", [("failed", "passed"), ("error", "xfailed"), ("passed", "timeout")])
def test_nothing_known_changed_is_flaky(first: e.Outcome, then: e.Outcome) -> None:
    assert words(again(simple(first), then)) == [None, "flaky: nothing known changed"]


def test_the_same_colour_again_is_no_turn() -> None:
    script = again(again(simple("failed"), "error"), "skipped")
    assert words(script) == [None, None, None], "a skip has no colour"
    assert words(again(script, "passed"))[-1] == "flaky: nothing known changed", "it is compared with what had one"


def test_sources_changed() -> None:
    script = again(simple("failed").collected(digest="d2", generation=2), "passed")
    assert words(script) == [None, "fixed: sources changed"]
    assert words(again(script.collected(digest="d3"), "failed"))[-1] == "broken: sources changed"
    assert not script.state().tests[1].is_flaky


def test_what_is_declared_changed_by_name() -> None:
    script = Script()
    script.found("x.py::a")
    script.found("x.py::b", suite="u")
    script.collected(environments=BEFORE).asked([1, 2]).ran(1, "failed").ran(2, "failed").pass_ended()
    mended = BEFORE | {"s": {"LEVEL": "y"}}
    script.collected(environments=mended).asked([1, 2]).ran(1, "passed").ran(2, "passed").pass_ended()
    assert words(script) == [None, "fixed: environment changed: FAULT, LEVEL"]
    assert words(script, 2) == [None, "flaky: nothing known changed"], "another suite's variables are not its own"
    state = script.state()
    assert (state.tests[1].is_flaky, state.tests[2].is_flaky) == (False, True)
    back = script.collected(environments=BEFORE).asked([1]).ran(1, "passed").pass_ended().state()
    assert back.tests[1].is_flaky, "it failed with just this declared, and passes now"


def test_a_target_that_was_started_anew_is_one_change_whatever_it_says_of_itself() -> None:
    started = Plan("stagewatch.toml", Target("demo", start=("python", "-m", "target")))
    script = Script(plan=started)
    script.found("x.py::a")
    script.collected(environments=BEFORE).asked([1]).ran(1, "failed").pass_ended()
    script.collected(environments=BEFORE | {"": {"URL": "2", "PASSWORD": "2"}}).asked([1]).ran(1, "passed").pass_ended()
    assert words(script) == [None, "fixed: the target was started anew"]


def test_what_all_find_declared_counts_for_every_suite() -> None:
    script = Script()
    script.found("x.py::a", suite="u")
    script.collected(environments=BEFORE).asked([1]).ran(1, "failed").pass_ended()
    again(script.collected(environments=BEFORE | {"": {"URL": "2"}}, digest="d2"), "passed")
    assert words(script) == [None, "fixed: sources changed, environment changed: URL"]


def test_a_long_list_of_names_is_cut() -> None:
    names = {f"N{number}": "1" for number in range(9)}
    script = Script()
    script.found("x.py::a")
    script.collected(environments={"": {"A": "1"}}).asked([1]).ran(1, "failed").pass_ended()
    again(script.collected(environments={"": names | {"A": "1"}}), "passed")
    assert words(script)[-1] == "fixed: environment changed: N0, N1, N2, N3, N4 and 4 more"


@pytest.mark.parametrize(
    "last, earlier, now, expected",
    [
        ("failed", "r1", "passed", "fixed: revision r1 is now r2"),
        ("passed", "r1", "failed", "broken: revision r1 is now r2"),
        ("passed", "r1", "passed", None),
        ("failed", "r2", "passed", None),
        ("failed", None, "passed", None),
        ("skipped", "r1", "failed", None),
    ],
)
def test_against_an_earlier_iteration_only_the_revision_is_known(
    last: e.Outcome, earlier: str | None, now: e.Outcome, expected: str | None
) -> None:
    script = Script(revision="r2")
    found = e.FoundTest(1, "x.py::a", "P1", "s", last=last, carried_from=2, carried_revision=earlier)
    script.add(e.TestsFound(script.at, (found,))).collected().asked([1]).ran(1, now).pass_ended()
    assert words(script) == [expected]


def test_what_is_mixed_or_met_a_dead_target_is_compared_with_nothing() -> None:
    script = again(simple("failed"), "passed")
    state = script.state()
    test = state.tests[1]
    for field in ("mixed", "untargeted"):
        changed = msgspec.structs.replace(test.attempts[0], **{field: True})
        assert turn(state, msgspec.structs.replace(test, attempts=[changed, test.attempts[1]]), 1) is None


def test_a_turn_in_words() -> None:
    assert Turn("fixed", ("sources changed", "environment changed: A")).words == (
        "fixed: sources changed, environment changed: A"
    )


def test_what_failed_warm_and_passes_cold_is_no_flake_but_the_other_way_round_is() -> None:
    script = simple("failed").asked([1]).ran(1, cold_reason="to confirm it").pass_ended()
    state = script.state()
    assert not state.tests[1].is_flaky
    assert turn(state, state.tests[1], 1) == Turn("fixed", ("it ran warm before and cold now",))

    script.asked([1]).ran(1, "failed", "wrong", cold_reason="to confirm it").ran(1).pass_ended()
    state = script.state()
    assert state.tests[1].is_flaky
    assert turn(state, state.tests[1], 3) == Turn("flaky")


def test_a_warm_failure_that_was_to_be_confirmed_turns_nothing() -> None:
    script = simple("passed").asked([1]).ran(1, "failed", "wrong", unconfirmed=True).ran(1, cold_reason="to confirm it")
    state = script.pass_ended().state()
    assert [turn(state, state.tests[1], index) for index in range(3)] == [None, None, None]
