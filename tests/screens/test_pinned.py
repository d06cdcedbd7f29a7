"""``P``: a tier's live panel beside the board."""

from __future__ import annotations

from tests.screens.snapshots import matches
from tests.support.board import board
from tests.support.deploy import NOW, deploy
from tui import events as e


async def test_pinned_tiers_stand_beside_the_board() -> None:
    async with board(deploy().feed(), (240, 60)) as seen:
        await seen.press("P", *["down"] * 7, "P")
        matches(seen.text, "pinned-240x60")


async def test_at_200_columns_in_ascii() -> None:
    async with board(deploy().feed(), (200, 50), ascii=True) as seen:
        await seen.press("P")
        matches(seen.text, "pinned-ascii-200x50")
        assert seen.text.isascii()


async def test_its_results_come_in_on_top() -> None:
    async with board(deploy().feed(), (200, 50)) as seen:
        await seen.press("P")
        test = next(test for test in seen.feed.state.tests.values() if test.worker and test.tier == "P1")
        assert test.worker is not None
        await seen.tell(e.TestFinished(NOW, test.id, test.worker, 1, "failed", NOW - 1, 1.0, message="boom"))
        rows = [line[150:] for line in seen.text.splitlines()]
        assert "test_reconnect_after_token_refresh" in rows[3] and "\N{BALLOT X}" in rows[3]


async def test_p_again_unpins_and_the_board_has_all_its_width() -> None:
    async with board(deploy().feed(), (200, 50)) as seen:
        before = seen.text
        await seen.press("P", "P")
        assert seen.text == before


async def test_below_200_columns_it_says_why_not() -> None:
    async with board(deploy().feed()) as seen:
        await seen.press("P")
        assert seen.footer == "pinned tiers want 200 columns, this terminal has 160; z opens one"


async def test_a_terminal_that_becomes_narrow_keeps_the_pins_for_later() -> None:
    async with board(deploy().feed(), (200, 50)) as seen:
        await seen.press("P")
        pinned = seen.text
        await seen.resize(160, 45)
        assert "25 tests ran" not in seen.text and "of 25 tests," not in seen.text
        await seen.resize(200, 50)
        assert seen.text == pinned
