"""Every key of the board: what it asks the session for, or why it can't."""

from __future__ import annotations

import pytest
from textual import events

from tests.scripted import Script
from tests.support.board import MIDDLE, WIDE, board
from tests.support.deploy import BEGAN, NOW, deploy, passed
from tests.support.feed import ScriptedFeed
from tui import events as e
from tui.protocol import Cancel, Refused, Rerun
from tui.screens.board import BoardScreen
from tui.screens.failure import FailureScreen
from tui.screens.help import HelpScreen
from tui.state import UNTARGETED
from tui.widgets.failures.failures import alike


async def test_f_reruns_all_that_failed_and_shows_the_answer() -> None:
    async with board(deploy().feed()) as seen:
        await seen.press("f")
        assert seen.feed.sent == [Rerun("failed", requested=NOW)]
        assert seen.footer == "failed run again"


async def test_a_refusal_is_shown() -> None:
    async with board(deploy().feed()) as seen:
        seen.feed.answer = lambda _: Refused("the run is being cancelled")
        await seen.press("f")
        assert seen.footer == "the run is being cancelled"


async def test_r_reruns_the_selected_tier() -> None:
    made = deploy()
    async with board(made.feed()) as seen:
        await seen.press("down", "r")
        assert seen.feed.sent == [Rerun("tests", tuple(made.ids["P2"]), requested=NOW)]
        assert seen.footer == "10 tests run again"


async def test_r_reruns_the_selected_group() -> None:
    made = deploy()
    async with board(made.feed()) as seen:
        await seen.press("n", "r")
        upgrade = (made.ids["P1"][0], made.ids["P1"][1], made.ids["Security"][2])
        assert seen.feed.sent == [Rerun("tests", upgrade, requested=NOW)]


async def test_r_reruns_the_selected_test() -> None:
    made = deploy()
    async with board(made.feed()) as seen:
        await seen.press("enter", "down", "r")
        assert seen.feed.sent == [Rerun("tests", (made.ids["P1"][1],), requested=NOW)]


async def test_a_asks_before_it_reruns_everything() -> None:
    async with board(deploy().feed()) as seen:
        await seen.press("a")
        assert seen.footer.startswith("Run all 466 tests again?")
        await seen.press("escape")
        assert seen.feed.sent == []
        await seen.press("a", "y")
        assert seen.feed.sent == [Rerun("all", requested=NOW)]


async def test_other_keys_do_nothing_while_a_question_is_open() -> None:
    async with board(deploy().feed()) as seen:
        await seen.press("a", "f", "x", "down")
        assert seen.feed.sent == []
        assert seen.footer.startswith("Run all 466 tests again?")


async def test_x_asks_before_it_cancels_the_run() -> None:
    async with board(deploy().feed()) as seen:
        await seen.press("x")
        assert seen.footer.startswith("Cancel what is left of this run, 200 tests?")
        await seen.press("y")
        assert seen.feed.sent == [Cancel()]


async def test_x_ends_the_selected_running_test_without_asking() -> None:
    made = deploy()
    async with board(made.feed()) as seen:
        await seen.press("enter", "down", "down", "down", "x")
        assert seen.feed.sent == [Cancel(made.ids["P1"][3])]


async def test_x_ends_the_test_of_the_selected_worker() -> None:
    made = deploy()
    async with board(made.feed()) as seen:
        await seen.press("shift+tab", "down", "x")
        assert seen.feed.sent == [Cancel(made.ids["P2"][0])]


@pytest.mark.parametrize("key", ["f", "r", "a", "x"])
async def test_who_only_watches_is_told_so(key: str) -> None:
    feed = deploy().feed()
    feed.read_only = "ann@pts/3 drives"
    async with board(feed) as seen:
        await seen.press(key)
        assert seen.footer == "you can only watch: ann@pts/3 drives"
        assert feed.sent == []


@pytest.mark.parametrize("key", ["f", "r", "a", "x"])
async def test_after_the_end_of_the_iteration_keys_say_so(key: str) -> None:
    made = deploy()
    made.events += [e.PassEnded(NOW, 1), e.IterationEnded(NOW)]
    async with board(made.feed()) as seen:
        await seen.press(key)
        assert seen.footer == "this iteration has ended"


async def test_when_the_session_ends_the_board_says_so_and_stays_readable() -> None:
    async with board(deploy().feed()) as seen:
        seen.feed.end("the session was stopped by ben@pts/1")
        await seen.settle()
        assert "ended  the session was stopped by ben@pts/1" in seen.text
        await seen.press("f")
        assert seen.footer == "the session was stopped by ben@pts/1"
        await seen.press("n", "enter")
        assert isinstance(seen.screen, FailureScreen)


async def test_keys_without_an_object_say_why() -> None:
    async with board(passed().feed()) as seen:
        for key, why in (("f", "nothing has failed"), ("n", "nothing has failed"), ("x", "nothing runs")):
            await seen.press(key)
            assert seen.footer == why


async def test_an_answer_goes_after_a_while() -> None:
    async with board(deploy().feed()) as seen:
        await seen.press("f")
        seen.now += 9
        await seen.settle()
        assert seen.footer.startswith("? help")


async def test_enter_on_a_tier_goes_to_its_tests_and_escape_back() -> None:
    async with board(deploy().feed(), MIDDLE) as seen:
        await seen.press("down", "enter")
        assert seen.row("P2  10 tests")
        await seen.press("escape")
        assert "FAILURES" in seen.text


async def test_enter_on_a_test_that_has_not_run_says_so() -> None:
    async with board(deploy().feed()) as seen:
        await seen.press("enter", "end", "enter")
        assert isinstance(seen.screen, FailureScreen)
        await seen.press("escape", "home", "down", "down", "down", "down", "enter")
        assert seen.footer == "it has not run yet"
        await seen.press("up", "enter")
        assert seen.footer == "it runs now, for the first time"


async def test_n_steps_through_failures_and_N_back() -> None:
    async with board(deploy().feed()) as seen:
        await seen.press("n")
        assert "▌✗ WebSocketUpgradeError" in seen.text
        await seen.press("n")
        assert "▌✗ AssertionError" in seen.text
        await seen.press("N")
        assert "▌✗ WebSocketUpgradeError" in seen.text


async def test_tab_moves_between_panels() -> None:
    async with board(deploy().feed()) as seen:
        actives = []
        for _ in range(5):
            actives.append(seen.app.view.active)
            await seen.press("tab")
        assert actives == ["tiers", "failures", "tests", "running", "tiers"]


async def test_search_filters_as_one_types_over_all_tiers() -> None:
    async with board(deploy().feed()) as seen:
        await seen.press("slash")
        await seen.type("token")
        assert seen.row("FOUND").count("3 tests of 466")
        await seen.type(" failing")
        assert "2 tests of 466" in seen.row("FOUND")
        await seen.press("backspace", "enter")
        assert seen.app.view.active == "tests"
        await seen.press("escape")
        assert "FOUND" not in seen.text


async def test_search_takes_every_key_as_text() -> None:
    async with board(deploy().feed()) as seen:
        await seen.press("slash")
        await seen.type("qfrax")
        assert seen.feed.sent == []
        assert isinstance(seen.screen, BoardScreen)
        assert seen.footer.startswith("/ qfrax")


async def test_question_mark_lists_all_keys() -> None:
    async with board(deploy().feed()) as seen:
        await seen.press("question_mark")
        assert isinstance(seen.screen, HelpScreen)
        for key in ("tab", "enter", "esc", "f ", "r ", "a ", "x ", "/ ", "n ", "N, p", "ctrl+l", "q "):
            assert f"\n  {key}" in seen.text
        await seen.press("question_mark")
        assert isinstance(seen.screen, BoardScreen)


@pytest.mark.parametrize(("answer", "decision"), [("l", "leave"), ("s", "stop")])
async def test_q_asks_whether_the_run_goes_on(answer: str, decision: str) -> None:
    async with board(deploy().feed()) as seen:
        await seen.press("q")
        assert "The run is not done." in seen.footer
        await seen.press(answer)
        assert seen.app.decision == decision
        assert seen.app._exit


async def test_q_then_escape_stays() -> None:
    async with board(deploy().feed()) as seen:
        await seen.press("q", "escape")
        assert not seen.app._exit
        assert seen.footer.startswith("? help")


async def test_q_just_leaves_when_nothing_runs() -> None:
    async with board(passed().feed()) as seen:
        await seen.press("q")
        assert seen.app._exit
        assert seen.app.decision == "leave"


async def test_ctrl_c_asks_as_q_does() -> None:
    async with board(deploy().feed()) as seen:
        await seen.press("ctrl+c")
        assert "The run is not done." in seen.footer


async def test_ctrl_l_sends_the_whole_screen_again() -> None:
    async with board(deploy().feed()) as seen:
        assert seen.app.thrift is not None
        seen.app.thrift._rows = [[("x", None)] * 160 for _ in range(45)]
        await seen.press("ctrl+l")
        assert seen.app.thrift._rows == []


async def test_s_shows_the_plain_stream_and_goes_back() -> None:
    said: list[str] = []

    def lines(_: object, batch: object) -> list[str]:
        said.append("line")
        return [f"line {len(said)} [/] of the stream"]

    async with board(deploy().feed(), lines=lines) as seen:
        await seen.tell(e.Noticed(NOW, "x"))
        await seen.press("s")
        assert "line 1 [/] of the stream" in seen.text
        assert "line 2 [/] of the stream" in seen.text
        await seen.tell(e.Noticed(NOW, "y"))
        assert "line 3 [/] of the stream" in seen.text
        await seen.press("s")
        assert isinstance(seen.screen, BoardScreen)


async def test_without_a_stream_there_is_no_key_for_it() -> None:
    async with board(deploy().feed()) as seen:
        await seen.press("s")
        assert seen.footer == "there is no plain stream here"
        assert "stream" not in [key.word for key in seen.screen.offered()]


async def test_what_happens_is_shown_without_any_key() -> None:
    async with board(deploy().feed()) as seen:
        assert "266/466" in seen.text
        waiting = deploy().ids["Scale"][0]
        await seen.tell(e.TestStarted(NOW, waiting, 2), e.TestFinished(NOW, waiting, 2, 1, "passed", NOW, 0.1))
        assert "267/466" in seen.text


async def test_a_new_state_replaces_the_old() -> None:
    async with board(deploy().feed()) as seen:
        seen.feed.renew(passed().feed().state)
        await seen.settle()
        assert "463 passed" in seen.text
        assert "FAILURES  none" in seen.text


async def test_a_rerun_iteration_shows_the_clock_of_the_run() -> None:
    async with board(deploy().feed(), WIDE) as seen:
        assert "4:12" in seen.row("elapsed")
        seen.now = BEGAN + 300
        await seen.settle()
        assert "5:00" in seen.row("elapsed")


async def test_what_comes_in_one_packet_with_the_slash_is_typed_and_commands_nothing() -> None:
    async with board(deploy().feed()) as seen:
        for key in "/" + "faxq":
            seen.app.post_message(events.Key({"/": "slash"}.get(key, key), key))
        await seen.settle()
        assert "/faxq" in seen.footer.replace(" ", "") and not seen.feed.sent


async def test_space_marks_tests_and_r_runs_them_all() -> None:
    made = deploy()
    first, second = made.ids["P1"][:2]
    async with board(made.feed()) as seen:
        await seen.press("space")
        assert seen.footer == "space marks tests: tab goes to their list"
        await seen.press("enter", "space", "space")
        assert "2 marked" in seen.text and "rerun 2 marked" in seen.footer
        await seen.press("k", "space")
        assert "1 marked" in seen.text
        await seen.press("k", "k", "escape")
        assert " marked, " not in seen.text
        await seen.press("g", "space", "space", "r")
        assert seen.feed.sent == [Rerun("tests", (first, second), requested=NOW)]
        await seen.settle()
        assert " marked, " not in seen.text, "what was asked for is marked no more"


async def test_marks_stay_where_the_list_is_another() -> None:
    made = deploy()
    async with board(made.feed()) as seen:
        await seen.press("enter", "space", "/")
        await seen.type("cancel")
        assert "1 marked" in seen.text


@pytest.mark.parametrize("screen", [(), ("z",), ("n", "enter")], ids=["board", "tier", "failure"])
async def test_many_failures_are_asked_for_and_offer_a_canary(screen: tuple[str, ...]) -> None:
    made = many_failing(12)
    async with board(made) as seen:
        await seen.press(*screen, "f")
        assert seen.footer.startswith("Run 12 failed tests again?") and "one of each of 2 groups first" in seen.footer
        await seen.press("escape")
        assert made.sent == []
        await seen.press("f", "y")
        assert made.sent == [Rerun("failed", requested=NOW)]
        await seen.press("f", "c")
        assert made.sent[1:] == [Rerun("failed", requested=NOW, canary=True)]
        await seen.press("c")
        assert made.sent[2:] == [Rerun("failed", requested=NOW, canary=True)]


async def test_ten_failures_run_again_at_once() -> None:
    made = many_failing(10)
    async with board(made) as seen:
        await seen.press("f")
        assert made.sent == [Rerun("failed", requested=NOW)]


async def test_a_canary_without_a_failure_says_so() -> None:
    async with board(passed().feed()) as seen:
        await seen.press("c")
        assert seen.footer == "nothing has failed"


def many_failing(count: int) -> ScriptedFeed:
    """In two groups."""
    script = Script()
    tests = script.found(*(f"tests/x.py::test_{number}" for number in range(count)))
    script.collected().asked(tests)
    for test in tests:
        script.ran(test, "failed", "one thing" if test % 2 else "another")
    return ScriptedFeed(script.pass_ended().events)


async def test_S_sorts_tests_and_a_result_that_comes_in_moves_none() -> None:
    script = Script()
    a, b, c = script.found("x.py::b_quick", "x.py::a_slow", "x.py::c_waits")
    script.collected().asked([a, b, c]).ran(a, duration=0.1).ran(b, duration=5.0)
    async with board(ScriptedFeed(script.events)) as seen:
        await seen.press("enter")

        def order() -> list[str]:
            names = ("b_quick", "a_slow", "c_waits")
            return sorted(names, key=lambda name: seen.text.index(name))

        assert order() == ["b_quick", "a_slow", "c_waits"]
        await seen.press("S")
        assert seen.footer == "tests: slowest first" and order() == ["a_slow", "b_quick", "c_waits"]
        await seen.tell(*Script().ran(c, duration=9.0).events[-2:])
        assert order() == ["a_slow", "b_quick", "c_waits"], "who reads the list keeps it as it is"
        await seen.press("S")
        assert seen.footer == "tests: by name" and order() == ["a_slow", "b_quick", "c_waits"]
        await seen.press("S")
        assert seen.footer == "tests: latest first" and order() == ["a_slow", "b_quick", "c_waits"]
        await seen.press("S")
        assert seen.footer == "tests: failed first" and order() == ["b_quick", "a_slow", "c_waits"]


async def test_a_group_says_why_its_tests_are_one() -> None:
    async with board(deploy().feed()) as seen:
        await seen.press("n")
        assert "GROUP  3 tests" in seen.text
        assert "one group: same exception and message" in seen.text
        assert "all raised at stage/clients/ws.py:41 connect" in seen.text
        await seen.press("n")
        assert "GROUP  1 test" in seen.text and "one group" not in seen.text


def test_what_is_masked_in_a_group_is_said() -> None:
    assert alike(e.Signature("E", "order # of <uuid> and #", "a.py:f")) == [
        "one group: same exception and message but for # <uuid>",
        "all raised at a.py:f",
    ]
    assert alike(e.Signature("", "boom")) == ["one group: same message"]
    assert alike(UNTARGETED) == ["one group: each failed while the target did not answer"]
