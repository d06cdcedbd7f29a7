"""``!``: only what blocks the deploy."""

from __future__ import annotations

import pytest

from tests.support.board import MIDDLE, SMALL, WIDE, board
from tests.support.deploy import BEGAN, REFUND, begun, deploy
from tui import events as e
from tui.plan.model import GatePolicy


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


async def test_a_tier_that_blocks_though_none_of_it_fails_says_so_and_shows_what_blocks() -> None:
    made = begun(P2=GatePolicy(flaky=0))
    made.events.append(e.WorkerStarted(BEGAN + 2, 1, 4121, 1))
    first, *rest = made.ids["P2"]
    everything = tuple(test for tests in made.ids.values() for test in tests)
    made.events.append(e.PassBegan(BEGAN + 2, 1, everything, BEGAN, "ann"))
    made.result(first, "failed", 20, 0.4, REFUND)
    for test in rest:
        made.result(test, "passed", 21, 0.4)
    made.events.append(e.PassBegan(BEGAN + 22, 2, (first,), BEGAN, "ann"))
    made.result(first, "passed", 23, 0.4)
    async with board(made.feed()) as seen:
        assert "1 P2 test flaky, P2 allows none" in seen.text
        assert " P2 " in seen.row("BLOCKS")
        await seen.press("!")
        assert "test_cancel_twice_is_idempotent" in seen.text
        await seen.press("z")
        assert "1 P2 test flaky, P2 allows none" in seen.row("gate") and "blocks GO" in seen.row("gate")


async def test_where_nothing_blocks_it_says_so_and_hides_nothing() -> None:
    async with board(begun().feed()) as seen:
        await seen.press("!")
        assert seen.footer == "nothing blocks"
        assert not seen.app.view.only_blocking
