"""What happened while somebody was away, before the board; and never where nothing did."""

from __future__ import annotations

import msgspec
import pytest

from tests.screens.snapshots import matches
from tests.support.board import Board, board
from tests.support.deploy import NOW, deploy
from tests.support.feed import ScriptedFeed
from tui.app import AWAY
from tui.client.looks import Look
from tui.screens.away import AwayScreen
from tui.screens.board import BoardScreen
from tui.state import RunState, reduce

SIZES = ("160x45", "80x24", "40x12")


def earlier(count: int) -> tuple[ScriptedFeed, RunState]:
    """The deploy's feed, and its state after so many events."""
    made = deploy()
    feed, then = made.feed(), RunState()
    for event in made.events[:count]:
        reduce(then, event)
        then.seq += 1
    feed.archive.states = [then]
    return feed, then


@pytest.mark.parametrize("size", SIZES)
async def test_new_failures_are_told_before_the_board_is_shown(size: str) -> None:
    feed, then = earlier(30)
    width, height = map(int, size.split("x"))
    async with board(feed, (width, height), since=Look(7, then.seq, NOW - 200)) as seen:
        assert isinstance(seen.screen, AwayScreen)
        matches(seen.text, f"away-{size}")
        await seen.press("enter")
        assert isinstance(seen.screen, BoardScreen)


async def test_who_has_seen_all_of_it_goes_to_the_board_at_once() -> None:
    feed = deploy().feed()
    async with board(feed, since=Look(7, feed.state.seq, NOW - 200)) as seen:
        assert isinstance(seen.screen, BoardScreen)
        await seen.press("A")
        assert seen.footer == "nothing has happened since you last looked"


async def test_who_has_started_the_run_goes_to_the_board_and_is_told_when_asked() -> None:
    feed, then = earlier(30)
    async with board(feed, since=Look(7, then.seq, NOW - 200), is_new=True) as seen:
        assert isinstance(seen.screen, BoardScreen)
        await seen.press("A")
        assert isinstance(seen.screen, AwayScreen)


async def test_who_comes_for_the_first_time_is_told_so_when_asked() -> None:
    async with board(deploy().feed()) as seen:
        await seen.press("A")
        assert seen.footer == "this is the first time that you look"


async def test_what_can_not_be_read_back_keeps_nobody_from_the_board() -> None:
    async with board(deploy().feed(), since=Look(3, 17, NOW - 200)) as seen:
        assert isinstance(seen.screen, BoardScreen)


async def blurred(seen: Board, seconds: float) -> None:
    """The window loses the focus, something fails, and it has the focus again."""
    seen.app.on_app_blur()
    seen.feed.archive.states = [deploy().feed().state]
    finished = next(event for event in deploy().events if getattr(event, "outcome", "") == "failed")
    running = next(test for test in seen.feed.state.tests.values() if test.worker is not None)
    await seen.tell(msgspec.structs.replace(finished, test=running.id, worker=running.worker, at=NOW))
    seen.now += seconds
    seen.app.on_app_focus()
    await seen.settle()


async def test_who_comes_back_to_the_window_after_a_while_is_told_too() -> None:
    async with board(deploy().feed()) as seen:
        await blurred(seen, AWAY)
        assert isinstance(seen.screen, AwayScreen) and "4 instead of 3 tests" in seen.text


async def test_a_glance_elsewhere_is_no_absence() -> None:
    async with board(deploy().feed()) as seen:
        await blurred(seen, AWAY - 1)
        assert isinstance(seen.screen, BoardScreen)
