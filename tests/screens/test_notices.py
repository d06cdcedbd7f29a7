"""The terminal's title and bell: what is worth either, and that each comes once."""

from __future__ import annotations

from tests.scripted import Script, simple
from tui.gate import verdict
from tui.screens.notices import BELL, GIVE_TITLE_BACK, KEEP_TITLE, Notices, title_of
from tui.state import RunState, total


def due(notices: Notices, state: RunState) -> str:
    return notices.due(state, verdict(state, state.now), total(state))


def sent(notices: Notices, script: Script) -> tuple[str, bool]:
    """The title, and whether the bell rings."""
    said = due(notices, script.state())
    title = said.removesuffix(BELL)
    return title.removeprefix("\x1b]2;").removesuffix("\x1b\\"), said.endswith(BELL)


def begun() -> tuple[Script, list[int]]:
    script = Script()
    tests = script.found("a.py::a", "a.py::b")
    tests += script.found("b.py::c", "b.py::d", tier="P2")
    return script.collected().asked(tests), tests


def test_the_first_failure_of_the_first_tier_rings_once_and_so_does_the_end() -> None:
    script, (a, b, c, d) = begun()
    notices = Notices({}, ascii=False)
    assert sent(notices, script) == ("? · P1 0/2 · 0%", False)
    assert sent(notices, script.ran(c, "failed")) == ("✗ 1 · P1 0/2 · 25%", False), "not the first tier's"
    assert sent(notices, script.ran(a, "failed")) == ("✗ 2 · P1 0/2 · 50%", True)
    assert sent(notices, script.ran(b, "failed")) == ("✗ 3 · P1 0/2 · 75%", False)
    assert sent(notices, script.ran(d)) == ("✗ 3 · P1 0/2 · 100%", False)
    assert sent(notices, script.pass_ended()) == ("", True)
    assert sent(notices, script) == ("", False)
    assert sent(notices, script.asked([a]))[1] is False
    assert sent(notices, script.ran(a).pass_ended()) == ("✗ 2 · P1 1/2 · 100%", True), "a rerun's end is one too"


def test_who_comes_when_all_is_over_is_not_rung_at() -> None:
    assert sent(Notices({}, ascii=False), simple("failed", "passed"))[1] is False


def test_each_can_be_turned_off() -> None:
    script, (a, *_) = begun()
    quiet = Notices({"STAGEWATCH_BELL": "0"}, ascii=False)
    due(quiet, script.state())
    untitled = Notices({"STAGEWATCH_TITLE": "0"}, ascii=False)
    assert due(untitled, script.state()) == untitled.begin() == untitled.end() == ""
    script.ran(a, "failed")
    assert BELL not in due(quiet, script.state()) and due(untitled, script.state()) == BELL
    assert (quiet.begin(), quiet.end()) == (KEEP_TITLE, GIVE_TITLE_BACK)


def test_a_title_is_one_line_of_what_can_be_shown() -> None:
    script = Script()
    tests = script.found("a.py::a", tier="\x1b]0;evil\x07P1\n")
    state = script.collected().asked(tests).state()
    title = title_of(state, verdict(state, state.now), total(state), ascii=True)
    assert title.isprintable() and title.startswith("? - ")


def test_in_ascii_it_is_ascii() -> None:
    state = simple("failed").state()
    assert title_of(state, verdict(state, state.now), total(state), ascii=True) == "X 1 - P1 0/1 - 100%"
