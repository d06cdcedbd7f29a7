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


async def test_without_colour_it_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with board(deploy().feed(), WIDE) as seen:
        without = seen.text
        styles = {s.style for strip in seen.app.screen._compositor.render_strips() for s in strip if s.style}
        assert not any(style.color or style.bgcolor for style in styles)
    monkeypatch.delenv("NO_COLOR")
    async with board(deploy().feed(), WIDE) as seen:
        assert seen.text == without
