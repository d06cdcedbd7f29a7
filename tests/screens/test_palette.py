"""The palette does what the keys do: it names every one, and presses it where it was opened."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.screens.test_actions import acting
from tests.support.board import MIDDLE, SMALL, WIDE, board
from tests.support.deploy import deploy
from tui.plan.keys import BOUND
from tui.protocol import Act, Rerun
from tui.screens.board import BoardScreen
from tui.screens.failure import FailureScreen
from tui.screens.iterations import IterationsScreen
from tui.screens.keys import EVERYWHERE, commands, pressed
from tui.screens.output import OutputScreen
from tui.screens.palette import PaletteScreen
from tui.screens.report import ReportScreen
from tui.screens.tier import TierScreen
from tui.widgets.commands import Commands

SIZES = {"160x45": WIDE, "80x24": MIDDLE, "40x12": SMALL, "30x10": (30, 10)}
MOVES = {"down", "up", "left", "right", "j", "k", "g", "G", "home", "end", "pagedown", "pageup", "ctrl+d", "ctrl+u"}
"""Keys that are quicker than their words."""
SAME = {"ctrl+c", "ctrl+q", "backspace"}
"""Second names, of q and of esc."""


async def test_words_find_and_enter_does_it() -> None:
    async with board(deploy().feed()) as seen:
        await seen.press("colon")
        await seen.type("iterations")
        assert "1 command" in seen.text
        await seen.press("enter")
        assert isinstance(seen.screen, IterationsScreen)


async def test_what_is_typed_behind_it_is_its_own_even_in_one_packet() -> None:
    async with board(acting().feed()) as seen:
        await seen.pilot.press("colon", "r", "e", "p", "o", "r", "t")
        await seen.settle()
        assert isinstance(seen.screen, PaletteScreen) and seen.feed.sent == []
        await seen.press("enter")
        assert isinstance(seen.screen, ReportScreen)


async def test_a_key_finds_itself_first() -> None:
    async with board(deploy().feed()) as seen:
        await seen.press("ctrl+p", "f", "enter")
        assert [type(sent) for sent in seen.feed.sent] == [Rerun]


async def test_arrows_move_while_one_types_and_escape_does_nothing() -> None:
    async with board(deploy().feed()) as seen:
        await seen.press("colon", "down", "down", "up")
        listed = seen.screen.query_one(Commands)
        assert listed.index == 1
        await seen.press("escape")
        assert isinstance(seen.screen, BoardScreen) and seen.feed.sent == []


async def test_nothing_found_does_nothing() -> None:
    async with board(deploy().feed()) as seen:
        await seen.press("colon")
        await seen.type("no such thing")
        assert "0 commands" in seen.text
        await seen.press("enter")
        assert isinstance(seen.screen, BoardScreen) and seen.feed.sent == []


async def test_actions_of_the_plan_are_there_and_still_ask() -> None:
    async with board(acting().feed()) as seen:
        await seen.press("colon")
        await seen.type("deploy")
        await seen.press("enter")
        assert seen.feed.sent == [] and "deploy: ./deploy.sh" in seen.footer
        await seen.press("y")
        assert seen.feed.sent == [Act("D")]


async def test_it_acts_on_what_was_selected_below_it() -> None:
    async with board(deploy().feed()) as seen:
        await seen.press("n", "enter")
        assert isinstance(seen.screen, FailureScreen)
        first = seen.screen.test
        await seen.press("colon")
        await seen.type("this test again")
        await seen.press("enter")
        assert seen.feed.sent == [Rerun("tests", (first,), requested=seen.now)]


async def test_tabs_are_named_as_they_are() -> None:
    async with board(deploy().feed()) as seen:
        await seen.press("n", "enter", "colon")
        await seen.type("tab attempts")
        await seen.press("enter")
        assert isinstance(seen.screen, FailureScreen) and seen.screen._tabs.open == "Attempts"


@pytest.mark.parametrize(
    "screen", [BoardScreen, FailureScreen, IterationsScreen, ReportScreen, TierScreen, OutputScreen]
)
def test_every_key_of_a_screen_is_in_its_palette(screen: type[BoardScreen]) -> None:
    bound = {
        key
        for room in screen.__mro__
        if room.__module__.startswith("tui.")
        for one in room.__dict__.get("BINDINGS", ())
        for key in one.key.split(",")
    }
    listed = [(keys, words) for keys, words in (*screen.KEYS_HELP, *EVERYWHERE)]
    named = {one.key for keys, _ in listed for part in keys.split(", ") if (one := pressed(part)) is not None}
    tabs = set("123456789")
    assert bound - MOVES - SAME - tabs <= named
    assert commands(listed)


def test_the_page_about_the_board_names_every_key() -> None:
    page = (Path(__file__).parents[2] / "docs" / "board.md").read_text(encoding="utf-8")
    assert [key for key in BOUND if not key.isdigit() and f"`{key}`" not in page] == []
