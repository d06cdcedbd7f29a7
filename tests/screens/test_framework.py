"""What leans on Textual's private parts still fits the Textual that is installed."""

from __future__ import annotations

import importlib.metadata

import pyte
import pytest
from rich.segment import Segment
from textual._compositor import ChopsUpdate
from textual.app import App
from textual.drivers._writer_thread import WriterThread
from textual.geometry import Size
from textual.strip import Strip

from tests.screens.test_hostile import hostile
from tests.support.board import Board, board
from tests.support.deploy import NOW, deploy
from tui import events as e
from tui.screens.framework import Thrift


def test_the_version_is_one_that_was_read() -> None:
    assert importlib.metadata.version("textual").startswith("8.2.")


@pytest.mark.parametrize("name", ["_display", "_print_error_renderables", "_watch_app_focus", "_handle_exception"])
def test_the_names_are_there(name: str) -> None:
    assert hasattr(App, name)


def test_the_writer_has_a_queue() -> None:
    import io

    assert WriterThread(io.StringIO())._queue.qsize() == 0


class Terminal:
    """A terminal in memory that gets what Thrift sends."""

    def __init__(self, width: int, height: int) -> None:
        self.screen = pyte.Screen(width, height)
        self.stream = pyte.Stream(self.screen)
        self.thrift = Thrift()
        self.sent = 0

    def show(self, seen: Board) -> None:
        update = seen.app.screen._compositor.render_full_update()
        sent = self.thrift.changes(update, seen.app.size)
        self.sent = len(sent)
        self.stream.feed(sent)

    @property
    def text(self) -> str:
        return "\n".join(row.rstrip() for row in self.screen.display)


async def test_a_terminal_that_gets_only_changes_shows_the_same() -> None:
    made = deploy()
    async with board(made.feed()) as seen:
        terminal = Terminal(160, 45)
        for key in ("down", "tab", "n", "enter", "2", "escape", "slash", "t", "o", "escape", "question_mark", "escape"):
            await seen.press(key)
            terminal.show(seen)
            assert terminal.text == seen.text
        waiting = made.ids["Scale"][0]
        await seen.tell(e.TestStarted(NOW, waiting, 2), e.TestFinished(NOW, waiting, 2, 1, "passed", NOW, 0.1))
        terminal.show(seen)
        assert terminal.text == seen.text
        assert 0 < terminal.sent < 900
        terminal.show(seen)
        assert terminal.sent == 0


async def test_a_row_with_wide_characters_is_sent_whole() -> None:
    async with board(hostile(), (160, 60)) as seen:
        terminal = Terminal(160, 60)
        for key in ("enter", "down", "down", "down", "end", "escape", "n"):
            await seen.press(key)
            terminal.show(seen)
            assert "日本語" in terminal.text


async def test_colours_are_the_ones_of_the_screen() -> None:
    async with board(deploy().feed()) as seen:
        terminal = Terminal(160, 45)
        for key in ("down", "up", "tab", "n"):
            await seen.press(key)
            terminal.show(seen)
        fresh = Terminal(160, 45)
        fresh.show(seen)
        for y in range(45):
            for x in range(160):
                one, other = terminal.screen.buffer[y][x], fresh.screen.buffer[y][x]
                assert (one.data, one.bg, one.reverse) == (other.data, other.bg, other.reverse)
                if one.data != " ":
                    assert (one.fg, one.bold) == (other.fg, other.bold)


async def test_an_update_of_the_size_before_is_survived() -> None:
    async with board(deploy().feed()) as seen:
        update = seen.app.screen._compositor.render_partial_update() or seen.app.screen._compositor.render_full_update()
        for size in (Size(1, 1), Size(40, 12), Size(300, 2)):
            Thrift().changes(update, size)
        chops = ChopsUpdate([{150: Strip([Segment("late" * 50)])}], [(0, 150, 350)], [[400]])
        assert Thrift().changes(chops, Size(80, 24)) == "", "nothing of it is on the screen any more"
