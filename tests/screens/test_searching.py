"""``/`` in a document: it finds as one types, ``n`` and ``N`` go from hit to hit, esc ends it before anything else."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

import msgspec

from tests.support.board import Board, board
from tests.support.deploy import deploy, evidence
from tui import events as e
from tui.screens.board import BoardScreen
from tui.screens.failure import FailureScreen
from tui.screens.help import HelpScreen
from tui.screens.report import ReportScreen

LOG = """\
DEBUG    ws:12 dial
INFO     ws:41 asks
WARNING  ws:44 refused,
         and no reason given
ERROR    ws:50 gives up
"""


def failing(found: e.Evidence) -> AbstractAsyncContextManager[Board]:
    """The board on which the first failure left that behind."""
    made = deploy()
    made.evidence[made.ids["P1"][0], 1] = found
    return board(made.feed())


def with_output(*sections: tuple[str, str]) -> e.Evidence:
    return msgspec.structs.replace(evidence(), sections=sections)


async def test_a_text_is_found_in_long_output_and_left_again() -> None:
    lines = "".join(f"line {n}{' needle' if n in (40, 300, 700) else ''}\n" for n in range(1000))
    async with failing(with_output(("Captured stdout call", lines))) as seen:
        await seen.press("n", "enter", "2", "slash")
        await seen.type("NEEDLE")
        assert "line 40 needle" in seen.row("▌") and "enter keeps it" in seen.footer
        await seen.press("enter")
        assert seen.footer.startswith("1 of 3 rows with needle")
        await seen.press("n")
        assert "line 300 needle" in seen.row("▌")
        await seen.press("N", "N")
        assert "line 700 needle" in seen.row("▌"), "before the first is the last"
        await seen.press("escape")
        assert isinstance(seen.screen, FailureScreen) and "▌" not in seen.text
        await seen.press("escape")
        assert isinstance(seen.screen, BoardScreen)


async def test_what_is_not_there_is_said() -> None:
    async with board(deploy().feed()) as seen:
        await seen.press("n", "enter", "slash")
        await seen.type("no such text")
        await seen.press("enter")
        assert seen.footer == "no such text is not here"


async def test_without_a_search_n_is_the_next_failure() -> None:
    async with board(deploy().feed()) as seen:
        await seen.press("n", "enter", "slash", "x", "escape", "n")
        assert "test_upgrade_with_token[us]" in seen.row("FAILED")


async def test_help_and_report_are_searched_too() -> None:
    async with board(deploy().feed()) as seen:
        for key, screen, text in (("?", HelpScreen, "canary"), ("R", ReportScreen, "staging-eu1")):
            await seen.press(key, "slash")
            assert isinstance(seen.screen, screen)
            await seen.type(text)
            assert text in seen.row("▌")
            await seen.press("enter", "escape", "escape")
            assert isinstance(seen.screen, BoardScreen)


async def test_what_is_typed_is_no_command() -> None:
    async with board(deploy().feed()) as seen:
        await seen.press("n", "enter", "slash")
        await seen.type("rfx")
        assert not seen.feed.sent and isinstance(seen.screen, FailureScreen)


async def test_levels_hide_what_was_logged_below_them_and_say_so() -> None:
    found = with_output(("Captured stdout call", "DEBUG of my own\n"), ("Captured log call", LOG))
    async with failing(found) as seen:
        await seen.press("n", "enter", "L")
        assert "2 opens the output" in seen.footer
        await seen.press("2")
        assert "ws:12 dial" in seen.text
        await seen.press("L")
        assert "ws:12 dial" not in seen.text and "ws:41 asks" in seen.text
        assert "5 lines, 1 below INFO hidden, L" in seen.row("LOG CALL")
        assert "DEBUG of my own" in seen.text, "what was printed has no level"
        await seen.press("L")
        assert "ws:41" not in seen.text and "and no reason given" in seen.text
        await seen.press("L")
        assert "and no reason given" not in seen.text and "gives up" in seen.text
        await seen.press("L")
        assert "ws:12 dial" in seen.text and "hidden" not in seen.row("LOG CALL")


async def test_locals_of_the_innermost_own_frame_are_shown_the_others_unfold() -> None:
    found = evidence()
    frames = [
        msgspec.structs.replace(frame, locals=(("region", "'eu'"), (frame.function[:4], "x" * 300)))
        if frame.own
        else frame
        for frame in found.frames
    ]
    async with failing(msgspec.structs.replace(found, frames=tuple(frames))) as seen:
        await seen.press("n", "enter")
        assert "conn" in seen.row("xxxxx") and seen.text.count("region  'eu'") == 1
        assert "2 locals of the frames above too" in seen.text
        await seen.press("u")
        assert seen.text.count("region  'eu'") == 2
