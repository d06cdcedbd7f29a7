"""How screens look, as text, at every size that ``look.md`` names."""

from __future__ import annotations

import pytest

from tests.screens.snapshots import matches
from tests.support.board import MIDDLE, SMALL, WIDE, board
from tests.support.deploy import BEGAN, begun, deploy, passed
from tests.support.feed import ScriptedFeed
from tui import events as e
from tui.plan.model import Plan, Selection

SIZES = {"160x45": WIDE, "80x24": MIDDLE, "40x12": SMALL}


@pytest.mark.parametrize("size", SIZES)
async def test_the_board(size: str) -> None:
    async with board(deploy().feed(), SIZES[size]) as seen:
        matches(seen.text, f"board-{size}")


@pytest.mark.parametrize("size", ["140x34", "200x60", "100x20", "30x10"])
async def test_the_board_between_the_sizes(size: str) -> None:
    width, height = map(int, size.split("x"))
    async with board(deploy().feed(), (width, height)) as seen:
        matches(seen.text, f"board-{size}")


@pytest.mark.parametrize("size", SIZES)
async def test_the_board_in_ascii(size: str) -> None:
    async with board(deploy().feed(), SIZES[size], ascii=True) as seen:
        assert seen.text.isascii()
        matches(seen.text, f"board-ascii-{size}")


@pytest.mark.parametrize("size", SIZES)
async def test_everything_passed(size: str) -> None:
    async with board(passed().feed(), SIZES[size]) as seen:
        matches(seen.text, f"go-{size}")


@pytest.mark.parametrize("size", SIZES)
async def test_nothing_is_known_yet(size: str) -> None:
    began = e.IterationBegan(BEGAN, e.VERSION, 1, "shop", "/srv/shop", Plan(), Selection(), 4)
    async with board(ScriptedFeed([began]), SIZES[size]) as seen:
        matches(seen.text, f"collecting-{size}")


async def test_not_even_an_event_has_come() -> None:
    async with board(ScriptedFeed(), WIDE) as seen:
        assert "INCONCLUSIVE" in seen.text or "█" in seen.text


async def test_collected_and_waiting() -> None:
    async with board(begun().feed(), WIDE) as seen:
        matches(seen.text, "waiting-160x45")


@pytest.mark.parametrize("size", SIZES)
async def test_a_failure(size: str) -> None:
    async with board(deploy().feed(), SIZES[size]) as seen:
        await seen.press("n", "enter")
        matches(seen.text, f"failure-{size}")


async def test_a_comparison_that_failed() -> None:
    async with board(deploy().feed(), WIDE) as seen:
        await seen.press("n", "n", "enter")
        matches(seen.text, "failure-assertion-160x45")


@pytest.mark.parametrize("tab", ["2", "3"])
async def test_other_tabs_of_a_failure(tab: str) -> None:
    async with board(deploy().feed(), WIDE) as seen:
        await seen.press("n", "enter", tab)
        matches(seen.text, f"failure-tab-{tab}-160x45")


@pytest.mark.parametrize("size", SIZES)
async def test_the_tests_of_a_tier(size: str) -> None:
    async with board(deploy().feed(), SIZES[size]) as seen:
        await seen.press("enter")
        matches(seen.text, f"tests-{size}")


@pytest.mark.parametrize("size", SIZES)
async def test_a_search(size: str) -> None:
    async with board(deploy().feed(), SIZES[size]) as seen:
        await seen.press("slash")
        await seen.type("failing upgrade")
        matches(seen.text, f"search-{size}")


async def test_help() -> None:
    async with board(deploy().feed(), WIDE) as seen:
        await seen.press("question_mark")
        matches(seen.text, "help-160x45")


async def test_without_colour_it_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with board(deploy().feed(), WIDE) as seen:
        matches(seen.text, "board-160x45")
        styles = {s.style for strip in seen.app.screen._compositor.render_strips() for s in strip if s.style}
        assert not any(style.color or style.bgcolor for style in styles)
