"""Any size, and any change of it."""

from __future__ import annotations

import pytest

from tests.support.board import board
from tests.support.deploy import deploy

SIZES = ((160, 45), (1, 1), (80, 24), (30, 10), (40, 12), (39, 12), (300, 100), (2, 50), (200, 2), (140, 32), (139, 18))


@pytest.mark.parametrize("keys", [(), ("enter",), ("n", "enter"), ("question_mark",), ("slash", "a")])
async def test_nothing_breaks_in_any_size(keys: tuple[str, ...]) -> None:
    async with board(deploy().feed()) as seen:
        await seen.press(*keys)
        for width, height in SIZES:
            await seen.resize(width, height)
            strips = seen.app.screen._compositor.render_strips()
            assert len(strips) == height
            assert {strip.cell_length for strip in strips} == {width}


async def test_under_40x12_there_are_pill_reason_and_counts() -> None:
    async with board(deploy().feed(), (39, 11)) as seen:
        rows = seen.text.splitlines()
        assert rows[0].startswith(" ✗ NO-GO ")
        assert rows[1] == "3 of 25 P1 tests fail, P1 allows none"
        assert rows[2:5] == ["✗ 6 failed", "‼ 1 error", "✓ 255 passed"]


async def test_a_zoomed_list_stays_zoomed() -> None:
    async with board(deploy().feed(), (80, 24)) as seen:
        await seen.press("enter")
        await seen.resize(160, 45)
        assert "P1 CRITICAL" in seen.text
        await seen.press("escape")
        assert "TIERS" in seen.text
