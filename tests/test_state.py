"""A state is what its events add up to, wherever they are added up."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tests.histories import histories
from tests.scripted import Script, simple, state_of
from tui import events as e
from tui.gate import verdict
from tui.plan.model import Tier
from tui.reports.markdown import report
from tui.reports.sentences import pass_ended
from tui.state import RunState, duration, groups, reduce, replay


@given(histories())
def test_a_journal_gives_the_same_state_again(history: list[e.Event]) -> None:
    recorded = [e.Recorded(seq, event) for seq, event in enumerate(history, 1)]
    read_back = msgspec.json.decode(msgspec.json.encode(recorded), type=list[e.Recorded])
    assert read_back == recorded
    assert replay(read_back) == state_of(history)


@given(histories(), st.data())
def test_a_snapshot_and_the_rest_give_what_all_events_give(history: list[e.Event], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(history)))
    attached = msgspec.json.decode(msgspec.json.encode(state_of(history[:cut])), type=RunState)
    assert attached == state_of(history[:cut])
    for event in history[cut:]:
        reduce(attached, event)
        attached.seq += 1
    assert attached == state_of(history)


def test_a_test_is_what_its_last_attempt_was_and_says_when_it_runs_again() -> None:
    script = simple("failed")
    assert script.state().tests[1].status == "failed"
    script.asked([1])
    assert script.state().tests[1].status == "waiting"
    script.add(e.TestStarted(script.at, 1, 1))
    test = script.state().tests[1]
    assert (test.status, test.outcome, test.is_failing) == ("running", "failed", True)


def test_a_pass_after_a_failure_is_flaky_only_while_the_sources_are_the_same() -> None:
    assert simple("failed").asked([1]).ran(1).pass_ended().state().tests[1].is_flaky
    edited = simple("failed").collected(digest="d2", generation=2).asked([1]).ran(1).pass_ended()
    assert not edited.state().tests[1].is_flaky


def test_what_is_gone_does_not_count() -> None:
    script = simple("passed", "failed")
    script.add(e.TestsGone(script.at, (2,)))
    state = script.state()
    assert [test.id for test in state.present()] == [1]
    assert state.failing() == []


def test_failures_are_grouped_by_signature_best_tier_first() -> None:
    script = Script()
    low = script.found("a.py::a", "a.py::b", tier="P2")
    high = script.found("b.py::c", tier="P1")
    from_plan = {"P1": 1, "P2": 2}
    script.add(e.TestsFound(script.at, (), tuple(Tier(id, order=order) for id, order in from_plan.items())))
    script.collected().asked(low + high)
    for test in low:
        script.ran(test, "failed", "no", signature=e.Signature("KeyError", "no"))
    script.ran(high[0], "failed", "403", signature=e.Signature("HTTPError", "403"))
    found = groups(script.state())
    assert [(group.signature.exception, len(group.tests)) for group in found] == [("HTTPError", 1), ("KeyError", 2)]


def test_time_stands_still_when_the_pass_has_ended() -> None:
    script = simple("passed")
    before = duration(script.state())
    script.add(e.Noticed(script.at + 100, "nobody watches"))
    assert duration(script.state()) == before > 0


def test_a_session_that_dies_while_idle_cuts_nothing_short() -> None:
    assert not simple("passed").ended(interrupted=True).state().is_cut_short
    assert simple("passed").asked([1]).ended(interrupted=True).state().is_cut_short


def test_who_cancelled_a_pass_is_known_and_told() -> None:
    script = Script()
    tests = script.found("a.py::test_a", "a.py::test_b")
    script.collected().asked(tests)
    script.events.append(e.PassEnded(script.at, 1, cancelled=True, by="ann@pts/3"))
    state = script.state()
    assert state.passes[0].cancelled_by == "ann@pts/3"
    assert "cancelled by ann@pts/3 after" in pass_ended(state.passes[0])
    assert "cancelled by ann" in report(state, verdict(state, script.at), script.at)
