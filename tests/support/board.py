"""A board in memory, with a frozen clock."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from textual.pilot import Pilot

from tests.support.deploy import NOW
from tests.support.feed import ScriptedFeed
from tests.support.screen import text_of
from tui import events as e
from tui.app import Lines, StagewatchApp
from tui.client.looks import Look
from tui.screens.base import BaseScreen

WIDE, MIDDLE, SMALL = (160, 45), (80, 24), (40, 12)


class Board:
    """A running app and the hands on it."""

    def __init__(self, app: StagewatchApp, pilot: Pilot[None], feed: ScriptedFeed) -> None:
        self.app, self.pilot, self.feed = app, pilot, feed
        self.now = NOW

    @property
    def text(self) -> str:
        return text_of(self.app)

    @property
    def screen(self) -> BaseScreen:
        assert isinstance(self.app.screen, BaseScreen)
        return self.app.screen

    @property
    def footer(self) -> str:
        return self.text.splitlines()[-1].strip()

    def row(self, words: str) -> str:
        """The first row with these words in it."""
        for row in self.text.splitlines():
            if words in row:
                return row
        raise AssertionError(f"{words!r} is not on the screen:\n{self.text}")

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.settle()

    async def type(self, text: str) -> None:
        await self.press(*("space" if c == " " else c for c in text))

    async def tell(self, *events: e.Event) -> None:
        """Let things happen, and the board draw them."""
        self.feed.tell(*events)
        await self.settle()

    async def resize(self, width: int, height: int) -> None:
        await self.pilot.resize_terminal(width, height)
        await self.settle()

    async def settle(self) -> None:
        await self.pilot.pause()
        self.app.turn()
        await self.pilot.pause()


@asynccontextmanager
async def board(
    feed: ScriptedFeed, size: tuple[int, int] = WIDE, *, ascii: bool = False, theme: str = "dark",
    lines: Lines | None = None, since: Look | None = None, is_new: bool = False,
) -> AsyncIterator[Board]:  # fmt: skip
    """The board of a feed, drawn once."""
    found: list[Board] = []
    app = StagewatchApp(
        feed, theme=theme, ascii=ascii, clock=lambda: found[0].now if found else NOW, lines=lines, since=since,
        is_new=is_new,
    )  # fmt: skip
    async with app.run_test(size=size) as pilot:
        found.append(Board(app, pilot, feed))
        await found[0].settle()
        yield found[0]
