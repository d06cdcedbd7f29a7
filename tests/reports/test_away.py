"""What happened between two looks: of two states only, nothing twice, nothing that did not happen."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tests.histories import histories
from tests.scripted import Script, state_of
from tui import events as e
from tui.plan.model import Action, Plan
from tui.reports.away import happenings
from tui.state import RunState, groups

REFUSED = e.Signature("UpgradeError", "the server answered 403", "ws.py:connect")


def texts(before: RunState, now: RunState) -> list[str]:
    return [one.text for one in happenings(before, now, now.now + 1)]


def failed(script: Script, test: int, signature: e.Signature = REFUSED) -> None:
    script.add(
        e.TestStarted(script.at, test, 1),
        e.TestFinished(script.at, test, 1, 1, "failed", script.at, 0.1, message="403", signature=signature),
    )


def passed(script: Script, test: int) -> None:
    script.add(e.TestStarted(script.at, test, 1), e.TestFinished(script.at, test, 1, 1, "passed", script.at, 0.1))


def looked(script: Script) -> RunState:
    return state_of(script.events)


def test_new_groups_larger_ones_and_cleared_ones() -> None:
    script = Script()
    tests = script.found("a.py::a", "a.py::b", "a.py::c")
    script.collected().asked(tests)
    failed(script, tests[0])
    first = looked(script)
    failed(script, tests[1])
    failed(script, tests[2], e.Signature("KeyError", "'x'"))
    second = looked(script)
    assert texts(first, second) == [
        "2 instead of 1 test: UpgradeError: the server answered 403", "new: KeyError: 'x' (1 test)",
    ]  # fmt: skip
    script.add(e.PassEnded(script.at, 1), e.PassBegan(script.at, 2, tuple(tests[:2]), script.at, "bob"))
    passed(script, tests[0])
    passed(script, tests[1])
    third = looked(script)
    assert texts(second, third)[-2:] == [
        "no longer: UpgradeError: the server answered 403 (2 of 2 tests passed since)", "1 rerun, asked by bob",
    ]  # fmt: skip


def test_a_verdict_a_revision_an_iteration() -> None:
    script = Script(revision="r1")
    tests = script.found("a.py::a")
    script.collected().asked(tests)
    failed(script, tests[0])
    script.add(e.PassEnded(script.at, 1))
    before = looked(script)
    later = Script(revision="r2")
    began = later.events[0]
    assert isinstance(began, e.IterationBegan)
    later.events[0] = msgspec.structs.replace(began, iteration=5)
    tests = later.found("a.py::a")
    later.collected().asked(tests)
    passed(later, tests[0])
    later.add(e.PassEnded(later.at, 1))
    found = texts(before, looked(later))
    assert found[0] == "NO-GO is now GO"
    assert "iteration 5 runs, 3 has ended, 1 other between" in found
    assert "revision r1 is now r2" in found
    assert found[-1].startswith("no longer: UpgradeError") and "1 of 1 test passed since" in found[-1]


def test_what_people_did_is_told_with_their_names() -> None:
    script = Script(Plan(actions=(Action("D", "Deploy", ("deploy",)),)))
    tests = script.found("a.py::a")
    script.collected().asked(tests)
    before = looked(script)
    script.add(e.PassEnded(script.at, 1, cancelled=True, by="ann"))
    script.add(e.ActionBegan(script.at, 1, "D", "Deploy", ("deploy",), "bob"))
    script.add(e.ActionEnded(script.at, 1, e.Exit(0), 1.5))
    script.add(e.Overridden(script.at, "eve", "it is known"))
    found = texts(before, looked(script))
    assert "Deploy: went well, asked by bob" in found
    assert "override by eve: it is known" in found


@given(histories(), st.data())
def test_nothing_has_happened_since_now_and_what_fails_is_told_once(
    history: list[e.Event], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(1, len(history)))
    before, now = state_of(history[:cut]), state_of(history)
    assert happenings(now, now, now.now) == [] or now.is_running
    told = [one.text for one in happenings(before, now, now.now) if one.kind == "failing"]
    assert len(told) == len(set(told)) or len(groups(now)) != len({g.signature for g in groups(now)})
    fresh = {group.signature for group in groups(now)} - {group.signature for group in groups(before)}
    assert sum(text.startswith("new: ") for text in told) == len(fresh)
