"""``!``: only what blocks the deploy."""

from __future__ import annotations

import pytest

from tests.support.board import MIDDLE, SMALL, WIDE, board
from tests.support.deploy import begun, deploy


@pytest.mark.parametrize("size", [WIDE, MIDDLE, SMALL])
async def test_it_leaves_tiers_groups_and_tests_that_block_and_comes_back(size: tuple[int, int]) -> None:
    async with board(deploy().feed(), size) as seen:
        before = seen.text
        await seen.press("!")
        assert seen.footer.startswith("only what blocks")
        assert "WebSocketUpgradeError" in seen.text and "ValidationError" not in seen.text
        assert "P1" in seen.text and "test_login_password" not in seen.text
        await seen.press("!")
        assert seen.text.splitlines()[:-1] == before.splitlines()[:-1]


async def test_it_says_that_it_is_on() -> None:
    async with board(deploy().feed()) as seen:
        await seen.press("!")
        assert "only what blocks (!)" in seen.row("FAILURES")
        assert "only what blocks (!)" in seen.row("P1 CRITICAL")
        assert "test_refund" in seen.text and "tests/ws/test_logout" not in seen.text


async def test_a_search_finds_only_what_blocks_too() -> None:
    async with board(deploy().feed()) as seen:
        await seen.press("!", "slash")
        await seen.type("test_schema")
        assert "nothing matches" in seen.text
        await seen.press("escape", "slash")
        await seen.type("upgrade")
        assert "FOUND  2 tests" in seen.text or "FOUND  3 tests" in seen.text


async def test_where_nothing_blocks_it_says_so_and_hides_nothing() -> None:
    async with board(begun().feed()) as seen:
        await seen.press("!")
        assert seen.footer == "no failure blocks"
        assert not seen.app.view.only_blocking
