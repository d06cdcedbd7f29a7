"""``T``: a panel alone on the whole screen, for the terminal's own selection. ``M``: the mouse."""

from __future__ import annotations

import pytest

from tests.support.board import MIDDLE, SMALL, WIDE, board
from tests.support.deploy import deploy
from tui.screens.board import BoardScreen
from tui.screens.failure import FailureScreen


@pytest.mark.parametrize("size", [WIDE, MIDDLE, SMALL])
async def test_the_panel_that_keys_act_on_has_all_rows_and_gives_them_back(size: tuple[int, int]) -> None:
    async with board(deploy().feed(), size) as seen:
        before = seen.text
        await seen.press("n")
        await seen.press("T")
        assert "NO-GO" not in seen.text and "help" not in seen.text
        assert "WebSocketUpgradeError" in "\n".join(seen.text.splitlines()[:2])
        await seen.press("escape")
        assert "WebSocketUpgradeError" in seen.text and seen.text.splitlines()[0] == before.splitlines()[0]


async def test_keys_act_in_it_and_what_asks_ends_it() -> None:
    async with board(deploy().feed()) as seen:
        await seen.press("tab", "tab", "T", "G")
        assert "test_case_025" in seen.row("▌") or "▌" in seen.text
        await seen.press("a")
        await seen.settle()
        assert (seen.footer.startswith("Run all 466 tests again?") and "NO-GO" in seen.text) or "▄" in seen.text


async def test_a_document_too() -> None:
    async with board(deploy().feed()) as seen:
        await seen.press("n", "enter", "T")
        assert isinstance(seen.screen, FailureScreen)
        assert "WebSocketUpgradeError" in seen.text.splitlines()[0] and "ATTEMPTS" not in seen.text
        await seen.press("T", "escape")
        assert isinstance(seen.screen, BoardScreen)


async def test_results_go_on_in_it() -> None:
    async with board(deploy().feed()) as seen:
        await seen.press("T")
        await seen.resize(100, 30)
        assert "P1" in seen.text and "help" not in seen.text
        await seen.press("T")
        assert "? help" in seen.footer


async def test_the_mouse_is_off_until_it_is_asked_for() -> None:
    async with board(deploy().feed()) as seen:
        driver = seen.app._driver
        assert driver is not None
        sent: list[str] = []
        write = driver.write
        driver.write = lambda data: (sent.append(data), write(data))[1]  # type: ignore[method-assign]
        await seen.press("M")
        assert "".join(sent).count("\x1b[?1000h") == 1 and "1003" not in "".join(sent)
        assert seen.footer.startswith("the mouse is on")
        await seen.press("M")
        assert "\x1b[?1000l" in "".join(sent) and seen.footer == "the mouse is the terminal's again"


async def test_a_click_selects_a_row_and_a_second_one_opens_it() -> None:
    async with board(deploy().feed()) as seen:
        await seen.pilot.click("#failures", offset=(10, 4))
        await seen.settle()
        assert seen.app.view.active == "failures" and seen.row("✗ AssertionError").startswith(" ▌")
        await seen.pilot.click("#tiers", offset=(10, 3))
        await seen.settle()
        assert "P3" in seen.row("▌") and seen.app.view.active == "tiers"
        await seen.pilot.click("#failures", offset=(10, 1), times=2)
        await seen.settle()
        assert isinstance(seen.screen, FailureScreen)
