"""A tier at full size: its tests as they come in, its gate, what runs and what fails in it."""

from __future__ import annotations

import pytest

from tests.screens.snapshots import matches
from tests.support.board import Board, board
from tests.support.deploy import BEGAN, NOW, deploy
from tests.support.feed import ScriptedFeed
from tui import events as e
from tui.plan.model import Plan, Selection, Tier
from tui.protocol import Rerun
from tui.screens.board import BoardScreen
from tui.screens.failure import FailureScreen
from tui.screens.tier import TierScreen

SIZES = ("200x50", "160x45", "120x35", "100x30", "80x24", "60x20", "40x12", "30x10")


@pytest.mark.parametrize("size", SIZES)
async def test_smaller_screens_drop_what_runs_and_fails_beside_then_gate_and_trend(size: str) -> None:
    width, height = map(int, size.split("x"))
    async with board(deploy().feed(), (width, height)) as seen:
        await seen.press("z")
        assert isinstance(seen.screen, TierScreen)
        matches(seen.text, f"tier-{size}")


async def test_in_ascii_it_is_ascii() -> None:
    async with board(deploy().feed(), (160, 45), ascii=True) as seen:
        await seen.press("z")
        assert seen.text.isascii() and "P1" in seen.row("FAILING")


async def test_it_says_how_the_tier_stands_against_its_gate_and_over_the_iterations() -> None:
    async with board(deploy().feed()) as seen:
        await seen.press("z")
        assert "P1 critical" in seen.row("FAILING") and "of 25 tests ran" in seen.row("FAILING")
        assert "none may fail" in seen.row("gate") and "blocks GO" in seen.row("gate")
        assert "failed before: 1, 0, 0, 0, 3, 3; now 3" in seen.row("trend")
        assert "RUNNING" in seen.text and "FAILURES  2 groups" in seen.text


def finished(seen: Board) -> e.TestFinished:
    """The test of P1 that runs fails."""
    tests = seen.feed.state.tests.values()
    test, worker = next((t.id, t.worker) for t in tests if t.worker is not None and t.tier == "P1")
    return e.TestFinished(NOW, test, worker, 1, "failed", NOW - 1, 1.0, message="boom")


async def test_results_stream_in_on_top_while_nobody_reads_them() -> None:
    async with board(deploy().feed()) as seen:
        await seen.press("z")
        assert "▌" not in seen.text
        await seen.tell(finished(seen))
        first = seen.text.splitlines()[8]
        assert "fail" in first and "test_reconnect_after_token_refresh" in first
        await seen.press("j", "enter")
        assert isinstance(seen.screen, FailureScreen)


async def test_a_result_that_comes_in_moves_no_cursor() -> None:
    async with board(deploy().feed()) as seen:
        await seen.press("z", "j", "j")
        row = seen.row("▌")
        await seen.tell(finished(seen))
        assert seen.row("▌").split()[2] == row.split()[2]
        assert "now 4" in seen.row("trend")


async def test_the_tiers_before_and_after_without_leaving() -> None:
    async with board(deploy().feed()) as seen:
        await seen.press("z", "left_square_bracket")
        assert seen.footer == "this is the first tier"
        await seen.press("right_square_bracket")
        assert "P2" in seen.row("of 10 tests ran")
        await seen.press("left_square_bracket")
        assert "of 25 tests ran" in seen.text


async def test_a_test_opens_and_back_again_and_the_board_is_as_it_was() -> None:
    async with board(deploy().feed()) as seen:
        before = seen.text
        await seen.press("z", "S", "S", "S", "S", "S")
        assert seen.footer == "tests: failed first"
        await seen.press("g", "enter")
        assert isinstance(seen.screen, FailureScreen)
        await seen.press("escape")
        assert isinstance(seen.screen, TierScreen)
        await seen.press("escape")
        assert isinstance(seen.screen, BoardScreen)
        await seen.settle()
        assert seen.text == before


async def test_r_runs_the_tier_again_having_asked() -> None:
    made = deploy()
    async with board(made.feed()) as seen:
        await seen.press("z", "r")
        assert seen.footer.startswith("Run P1's 25 tests again?") and not seen.feed.sent
        await seen.press("y")
        assert seen.feed.sent == [Rerun("tests", tuple(made.ids["P1"]), requested=NOW)]


async def test_a_tier_without_tests_waits_for_them_only_while_they_may_come() -> None:
    began = e.IterationBegan(BEGAN, e.VERSION, 1, "shop", "/srv/shop", Plan(tiers=(Tier("P1"),)), Selection(), 4)
    feed = ScriptedFeed([began])
    async with board(feed) as seen:
        assert "waiting  P1" in seen.text
        await seen.tell(e.IterationEnded(NOW, why="pytest refuses what it is asked"))
        assert "no test  P1" in seen.text and "waiting" not in seen.text
