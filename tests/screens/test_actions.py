"""Actions of the plan on the board: said before they run, seen while they run, and never in anybody's way."""

from __future__ import annotations

import inspect

import msgspec
import pytest
from textual.binding import Binding
from textual.dom import DOMNode

from tests.screens.snapshots import matches
from tests.support.board import MIDDLE, SMALL, WIDE, board
from tests.support.deploy import NOW, Deploy, deploy
from tui import events as e
from tui.plan.keys import BOUND
from tui.plan.model import Action
from tui.protocol import Act, Cancel, Refused
from tui.screens import base, failure, help, iterations, output, report, rerunning, stream, tier
from tui.screens import board as board_room
from tui.screens.board import BoardScreen
from tui.screens.failure import FailureScreen
from tui.screens.output import OutputScreen
from tui.widgets import document, listing
from tui.widgets.tiers import tiers

SIZES = {"160x45": WIDE, "80x24": MIDDLE, "40x12": SMALL}
ACTIONS = (
    Action("F", "apply fix", ("./fix.sh", "staging"), confirm=False),
    Action("D", "deploy", ("./deploy.sh", "staging", "--image", "registry.example/shop:2025-09-07")),
)
BEGAN = e.ActionBegan(NOW - 12, 1, "D", "deploy", ("./deploy.sh", "staging"), "ann@pts/3")
SAID = e.ActionSaid(NOW - 1, 1, ("rolling out", "pod 3 of 4 is ready"))
RUNNING = (BEGAN, SAID)
DONE = (*RUNNING, e.ActionEnded(NOW, 1, e.Exit(0), 12.0))
FAILED = (*RUNNING, e.ActionEnded(NOW, 1, e.Exit(3), 12.0))
CANCELLED = (*RUNNING, e.ActionEnded(NOW, 1, e.Exit(signal="SIGTERM"), 12.0, "ben@pts/1 ended it"))


def acting(*events: e.Event) -> Deploy:
    """The deploy of the pictures, by a plan with two actions."""
    made = deploy()
    began = made.events[0]
    assert isinstance(began, e.IterationBegan)
    plan = msgspec.structs.replace(began.plan, actions=ACTIONS)
    made.events[0] = msgspec.structs.replace(began, plan=plan)
    made.events += events
    return made


def test_the_keys_that_a_plan_may_not_take_are_those_that_are_bound() -> None:
    rooms = (
        base,
        board_room,
        failure,
        help,
        iterations,
        output,
        report,
        rerunning,
        stream,
        tier,
        document,
        listing,
        tiers,
    )
    names = {
        "question_mark": "?",
        "slash": "/",
        "colon": ":",
        "exclamation_mark": "!",
        "left_square_bracket": "[",
        "right_square_bracket": "]",
    }
    bound: set[str] = set()
    for room in rooms:
        for _, node in inspect.getmembers(room, lambda one: inspect.isclass(one) and issubclass(one, DOMNode)):
            for binding in node.__dict__.get("BINDINGS", ()):
                assert isinstance(binding, Binding)
                if node.__module__.startswith("tui."):
                    bound |= {names.get(key, key) for key in binding.key.split(",")}
    assert {key for key in bound if len(key) == 1} == set(BOUND)


@pytest.mark.parametrize("size", SIZES)
async def test_the_board_of_a_plan_with_actions(size: str) -> None:
    async with board(acting().feed(), SIZES[size]) as seen:
        matches(seen.text, f"actions-{size}")


@pytest.mark.parametrize("size", SIZES)
async def test_the_board_while_one_runs(size: str) -> None:
    async with board(acting(*RUNNING).feed(), SIZES[size]) as seen:
        matches(seen.text, f"actions-running-{size}")


@pytest.mark.parametrize("size", SIZES)
async def test_the_board_while_one_runs_in_ascii(size: str) -> None:
    async with board(acting(*RUNNING).feed(), SIZES[size], ascii=True) as seen:
        assert seen.text.isascii()
        matches(seen.text, f"actions-ascii-{size}")


@pytest.mark.parametrize("size", SIZES)
async def test_its_output(size: str) -> None:
    async with board(acting(*RUNNING).feed(), SIZES[size]) as seen:
        await seen.press("o")
        matches(seen.text, f"output-{size}")


@pytest.mark.parametrize("size", SIZES)
async def test_the_question(size: str) -> None:
    async with board(acting().feed(), SIZES[size]) as seen:
        await seen.press("D")
        matches("\n".join(seen.text.splitlines()[-2:]), f"actions-question-{size}")


async def test_without_actions_there_is_no_row_for_them() -> None:
    async with board(deploy().feed()) as seen:
        assert "actions" not in seen.screen.grid.regions
        await seen.press("D")
        assert seen.feed.sent == [] and seen.footer.startswith("? help")


async def test_one_that_asks_says_what_will_run_and_runs_when_told_to() -> None:
    async with board(acting().feed()) as seen:
        await seen.press("D")
        assert seen.feed.sent == []
        assert "deploy: ./deploy.sh staging --image registry.example/shop:2025-09-07?" in seen.footer
        await seen.press("escape")
        assert seen.feed.sent == []
        await seen.press("D", "y")
        assert seen.feed.sent == [Act("D")]
        assert seen.footer == "D is running"


async def test_one_that_does_not_ask_runs_at_once() -> None:
    async with board(acting().feed()) as seen:
        await seen.press("F")
        assert seen.feed.sent == [Act("F")]


async def test_a_refusal_is_shown() -> None:
    async with board(acting().feed()) as seen:
        seen.feed.answer = lambda _: Refused("apply fix can't be started: ./fix.sh: No such file or directory")
        await seen.press("F")
        assert seen.footer == "apply fix can't be started: ./fix.sh: No such file or directory"


async def test_one_at_a_time() -> None:
    async with board(acting(*RUNNING).feed()) as seen:
        await seen.press("F")
        assert seen.footer == "deploy runs: one action at a time"
        assert seen.feed.sent == []


@pytest.mark.parametrize("why", ["read-only", "ended"])
async def test_who_can_not_is_told_so(why: str) -> None:
    feed = acting(*([e.PassEnded(NOW, 1), e.IterationEnded(NOW)] if why == "ended" else [])).feed()
    feed.read_only = "ann@pts/3 drives" if why == "read-only" else None
    async with board(feed) as seen:
        await seen.press("D")
        assert (
            seen.footer
            == {"read-only": "you can only watch: ann@pts/3 drives", "ended": "this iteration has ended"}[why]
        )
        assert feed.sent == []


@pytest.mark.parametrize("keys", [("n", "enter"), ("question_mark",), ("enter",)])
async def test_its_key_works_on_every_screen(keys: tuple[str, ...]) -> None:
    async with board(acting().feed()) as seen:
        await seen.press(*keys, "F")
        assert seen.feed.sent == [Act("F")]


async def test_in_a_search_it_is_a_letter() -> None:
    async with board(acting().feed()) as seen:
        await seen.press("slash", "F")
        assert seen.feed.sent == [] and seen.footer.startswith("/ F")


@pytest.mark.parametrize(
    ("events", "said"),
    [
        (RUNNING, "▸ deploy  runs 0:12   pod 3 of 4 is ready"),
        (DONE, "✓ deploy  done  12.0 s   pod 3 of 4 is ready"),
        (FAILED, "✗ deploy  ended with exit code 3  12.0 s   pod 3 of 4 is ready"),
        (CANCELLED, "✗ deploy  ended by SIGTERM: ben@pts/1 ended it  12.0 s"),
        ((*RUNNING, e.PassEnded(NOW, 1), e.IterationEnded(NOW)), "▸ deploy  had not ended"),
        (
            (BEGAN, e.ActionEnded(NOW, 1, None, 0.1, "can't be started: ./deploy.sh: Permission denied")),
            "✗ deploy  can't be started: ./deploy.sh: Permission denied",
        ),
    ],
    ids=["running", "done", "failed", "cancelled", "cut off", "not started"],
)
async def test_the_row_says_how_it_stands(events: tuple[e.Event, ...], said: str) -> None:
    async with board(acting(*events).feed()) as seen:
        assert said in seen.text.splitlines()[-2]


async def test_what_it_says_moves_nothing() -> None:
    async with board(acting().feed()) as seen:
        await seen.press("enter", "down", "down")
        before = seen.text.splitlines()[:-2]
        await seen.tell(*RUNNING)
        await seen.tell(*DONE[2:])
        assert seen.text.splitlines()[:-2] == before


async def test_its_output_follows_until_somebody_scrolls() -> None:
    async with board(acting(BEGAN).feed(), MIDDLE) as seen:
        await seen.press("o")
        assert "nothing said yet" in seen.text
        await seen.tell(e.ActionSaid(NOW, 1, tuple(f"line {number}" for number in range(100))))
        assert "line 99" in seen.text and "line 0\n" not in seen.text
        await seen.press("home")
        await seen.tell(e.ActionSaid(NOW, 1, ("line 100",)))
        assert "line 0\n" in seen.text and "line 100" not in seen.text
        await seen.press("end")
        await seen.tell(e.ActionSaid(NOW, 1, ("line 101",)))
        assert "line 101" in seen.text


async def test_its_key_again_shows_its_output_and_o_goes_back() -> None:
    async with board(acting(*RUNNING).feed()) as seen:
        await seen.press("D")
        assert isinstance(seen.screen, OutputScreen)
        assert seen.feed.sent == []
        await seen.press("o")
        assert isinstance(seen.screen, BoardScreen)


async def test_x_ends_it_having_asked() -> None:
    async with board(acting(*RUNNING).feed()) as seen:
        await seen.press("o", "x")
        assert seen.footer.startswith("End deploy?") and seen.feed.sent == []
        await seen.press("y")
        assert seen.feed.sent == [Cancel(action=True)]


async def test_x_on_the_board_ends_it_when_no_test_runs() -> None:
    async with board(acting(e.PassEnded(NOW - 20, 1), *RUNNING).feed()) as seen:
        await seen.press("x", "y")
        assert seen.feed.sent == [Cancel(action=True)]


async def test_x_on_its_output_says_when_it_has_ended() -> None:
    async with board(acting(*DONE).feed()) as seen:
        await seen.press("o", "x")
        assert seen.footer == "no action runs"


async def test_brackets_step_through_what_has_run() -> None:
    second = e.ActionBegan(NOW, 2, "F", "apply fix", ("./fix.sh",), "ann@pts/3")
    async with board(acting(*DONE, second, e.ActionSaid(NOW, 2, ("patched",))).feed()) as seen:
        await seen.press("o")
        assert "patched" in seen.text
        await seen.press("left_square_bracket")
        assert "rolling out" in seen.text and "patched" not in seen.text
        await seen.press("left_square_bracket")
        assert seen.footer == "no action has run before this one"
        await seen.press("right_square_bracket")
        assert "patched" in seen.text


async def test_its_output_is_data() -> None:
    async with board(acting(BEGAN, e.ActionSaid(NOW, 1, ("\x1b[31m[bold]red[/] \u202e",))).feed()) as seen:
        assert "\\x1b[31m[bold]red[/] \\u202e" in seen.text
        await seen.press("o")
        assert "\\x1b[31m[bold]red[/] \\u202e" in seen.text


async def test_o_before_any_has_run_says_so() -> None:
    async with board(acting().feed()) as seen:
        await seen.press("o")
        assert seen.footer == "no action has run"
    async with board(deploy().feed()) as seen:
        await seen.press("o")
        assert seen.footer == "the plan has no actions"


async def test_help_names_them_with_their_commands() -> None:
    async with board(acting().feed()) as seen:
        await seen.press("question_mark")
        assert "D               deploy: ./deploy.sh staging --image registry.example/shop:2025-09-07" in seen.text


async def test_q_asks_when_only_an_action_runs() -> None:
    async with board(acting(e.PassEnded(NOW - 20, 1), *RUNNING).feed()) as seen:
        await seen.press("q")
        assert "deploy is not done." in seen.footer
        await seen.press("l")
        assert seen.app._exit and seen.app.decision == "leave"


async def test_another_iteration_does_not_know_what_ran_in_the_one_before() -> None:
    async with board(acting(*RUNNING).feed()) as seen:
        await seen.press("o")
        seen.feed.renew(acting().feed().state)
        await seen.settle()
        assert "it ran in an iteration before this one" in seen.text
        await seen.press("escape")
        assert isinstance(seen.screen, BoardScreen)


async def test_on_a_failure_it_asks_and_stays_there() -> None:
    async with board(acting().feed()) as seen:
        await seen.press("n", "enter", "D")
        assert "deploy: ./deploy.sh staging" in seen.footer
        await seen.press("y")
        assert isinstance(seen.screen, FailureScreen) and seen.feed.sent == [Act("D")]


@pytest.mark.parametrize("keys", [(), ("o",), ("D",), ("enter",)])
async def test_nothing_breaks_in_any_size(keys: tuple[str, ...]) -> None:
    async with board(acting(*DONE).feed()) as seen:
        await seen.press(*keys)
        for width, height in ((160, 45), (1, 1), (80, 24), (80, 18), (40, 12), (39, 12), (300, 100), (140, 32)):
            await seen.resize(width, height)
            strips = seen.app.screen._compositor.render_strips()
            assert len(strips) == height
            assert {strip.cell_length for strip in strips} == {width}


async def test_what_follows_the_end_does_so_at_another_size_too() -> None:
    lines = tuple(f"line {number}" for number in range(100))
    async with board(acting(BEGAN, e.ActionSaid(NOW, 1, lines)).feed(), MIDDLE) as seen:
        await seen.press("o")
        await seen.resize(80, 18)
        assert "line 99" in seen.text
        await seen.tell(e.ActionSaid(NOW, 1, ("line 100",)))
        assert "line 100" in seen.text
        await seen.press("up")
        await seen.resize(80, 14)
        assert "line 100" not in seen.text
