"""The iterations of the project, any two of them compared."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Region

from tui.errors import StagewatchError
from tui.queries import summary
from tui.screens.base import BaseScreen
from tui.screens.slim import slim
from tui.state import RunState
from tui.widgets.document import Document, Piece, Row
from tui.widgets.footer.footer import Key
from tui.widgets.grid import Grid
from tui.widgets.head.head import Head
from tui.widgets.iterations.comparing import LEFT, RIGHT, Comparison, Numbers
from tui.widgets.iterations.listed import Iterations
from tui.widgets.listing import Listing
from tui.widgets.view import View

NEWEST = 30
"""Iterations that are listed; ``stagewatch history --json -`` has all."""
_ASIDE = 150
"""Columns from which what is flaky and slower stands beside the rest."""


class IterationsScreen(BaseScreen):
    """The cursor's iteration against the one before it, or against the marked one."""

    NAME = "iterations"
    KEYS_HELP = (
        ("arrows, j k", "another iteration: it is compared with the one before, or with the marked one"),
        ("space", "mark one to compare others with, and unmark it"),
        ("v", "view this iteration: its board as it was recorded; esc comes back"),
        ("enter, tab, shift+tab", "into what is different, and back: there arrows scroll"),
        ("esc, i", "back"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,backspace,i", "back", show=False),
        Binding("space", "mark", show=False),
        Binding("v", "view", show=False),
        Binding("tab,shift+tab", "other", show=False),
    ]

    def __init__(self, view: View) -> None:
        super().__init__(view)
        self._numbers, self._list = Numbers(view, "numbers"), Iterations(view, "iterations")
        self._left, self._right = Document(view, "changes"), Document(view, "slower")
        self._states: dict[int, RunState] = {}
        self._made: tuple[object, ...] = ()
        self._was_active = view.active

    def compose(self) -> ComposeResult:
        yield Head(self.view, "head")
        yield self._numbers
        yield self._list
        yield self._left
        yield self._right
        yield self.footer

    def on_mount(self) -> None:
        self.view.active = "iterations"
        self.set_focus(self._list)
        self.run_worker(self._read(), exclusive=False)

    def on_unmount(self) -> None:
        self.view.active = self._was_active

    def arranged(self, width: int, height: int) -> Grid:
        grid = slim(width, height, progress=False)
        if grid.mode == "tiny":
            return grid
        regions = dict(grid.regions)
        _, top, _, rows = regions.pop("document")
        numbers = 5 if height >= 30 else 2
        listed = 1 + min(7, max(2, (rows - numbers) // 3), max(1, len(self._list.known)))
        gap = height >= 30
        below = top + numbers + gap + listed + gap
        body = max(0, top + rows - below)
        aside = width // 3 if width >= _ASIDE else 0
        regions["numbers"] = Region(0, top, width, numbers)
        regions["iterations"] = Region(0, top + numbers + gap, width, listed)
        regions["changes"] = Region(0, below, width - aside, body)
        if aside:
            regions["slower"] = Region(width - aside, below, aside, body)
        return replace(grid, regions=regions)

    def offered(self) -> tuple[Key, ...]:
        inside = self.is_mounted and self.focused is self._left
        return (
            Key("esc", "back"), Key("enter", "list of iterations" if inside else "what is different", 1),
            Key("space", "mark", 2), Key("v", "view", 4), Key("?", "help", 3),
        )  # fmt: skip

    async def _read(self) -> None:
        """The journal's; and the one that is watched, as it is now, also where nothing of it is recorded."""
        try:
            found = await self.view.feed.archive.iterations(NEWEST)
        except StagewatchError as error:
            found, self._numbers.trouble = [], str(error)
        mine = self.view.state.iteration
        if all(one.number != mine for one in found):
            found.append(summary(self.view.state))
        self._list.hold(found)
        self._list.begin_again()
        self.arrange_again()
        self._compare_soon()

    def _compare_soon(self) -> None:
        self.run_worker(self._compare(), exclusive=True, group="compare")

    async def _compare(self) -> None:
        pair = self._list.pair()
        if pair is None:
            self._numbers.comparison = None
            self._numbers.trouble = self._numbers.trouble or "no iteration before this one is listed to compare it with"
            self._left.hold([])
            self._right.hold([])
            self.turn()
            return
        try:
            older, newer = [await self._state(number) for number in pair]
        except StagewatchError as error:
            self._numbers.comparison, self._numbers.trouble = None, str(error)
            self.turn()
            return
        self._numbers.comparison, self._numbers.trouble = Comparison(older, newer), ""
        self._left.top = self._right.top = 0
        self.turn()

    async def _state(self, number: int) -> RunState:
        if number == self.view.state.iteration:
            return self.view.state
        if number not in self._states:
            self._states[number] = await self.view.feed.archive.iteration(number)
        return self._states[number]

    def turn(self) -> None:
        self._follow()
        comparison = self._numbers.comparison
        widths = self._left.size.width - 4, self._right.size.width - 4
        made = (comparison, *widths)
        if comparison is not None and widths[0] > 8 and made != self._made:
            self._made = made
            aside = "slower" in self.grid.regions
            left = comparison.rows(LEFT if aside else LEFT[:3] + RIGHT + LEFT[3:], self.view.glyphs, widths[0])
            self._left.hold(left or [Row((Piece(0, "nothing is different", "faint"),))])
            self._right.hold(comparison.rows(RIGHT, self.view.glyphs, widths[1]) if aside else [])
        super().turn()

    def _follow(self) -> None:
        """The iteration that is watched goes on: its row does, and what it is compared by."""
        state = self.view.state
        if state.iteration in self._list.known and self._list.known[state.iteration].verdict != self.view.verdict:
            self._list.known[state.iteration] = summary(state)
            pair = self._list.pair()
            if pair is not None and state.iteration in pair:
                self._compare_soon()

    # Keys

    @on(Listing.Chosen)
    def _chosen(self) -> None:
        self._compare_soon()

    @on(Listing.Opened)
    def _opened(self) -> None:
        self.set_focus(self._left)
        self.turn()

    def action_other(self) -> None:
        self.set_focus(self._list if self.focused is self._left else self._left)
        self.turn()

    def action_mark(self) -> None:
        self._list.marked = None if self._list.marked == self._list.cursor else self._list.cursor
        self._compare_soon()

    def action_view(self) -> None:
        if self._list.cursor is None:
            self.footer.say("no iteration is listed")
        elif self._list.cursor == self.view.state.iteration:
            self.footer.say("this is the iteration that you come from: esc goes back to it")
        else:
            self.run_worker(self._open(self._list.cursor), exclusive=True, group="view")

    async def _open(self, number: int) -> None:
        try:
            self.board.iteration(await self._state(number))
        except StagewatchError as error:
            self.footer.say(str(error), "warn")

    def action_back(self) -> None:
        if self.focused is self._left:
            self.action_other()
        else:
            self.dismiss()
