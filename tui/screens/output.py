"""What an action of the plan says, as it comes."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.strip import Strip

from tui.reports.actions import command_words
from tui.reports.amounts import many
from tui.screens.searching import SearchingScreen
from tui.screens.slim import slim
from tui.state import ActionRun
from tui.widgets.actions.actions import put_run
from tui.widgets.document import Document, Piece, Row, text_rows
from tui.widgets.footer.footer import Key
from tui.widgets.grid import Grid
from tui.widgets.head.head import Head
from tui.widgets.panel import Panel
from tui.widgets.view import View


class OutputScreen(SearchingScreen):
    """Follows the end until somebody scrolls up."""

    NAME = "output of an action"
    KEYS_HELP = (
        ("arrows, j k", "scroll; end follows what comes"),
        ("/", "find a text as you type; esc clears"),
        ("n", "the next hit"),
        ("N, p", "the hit before"),
        ("[", "the action that ran before"),
        ("]", "the action that ran after"),
        ("x", "end it, if it runs (asks)"),
        ("o, esc", "back"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,backspace", "back", show=False),
        Binding("x", "end_action", show=False),
        Binding("n", "hit(1)", show=False),
        Binding("N,p", "hit(-1)", show=False),
        Binding("left_square_bracket", "other(-1)", show=False),
        Binding("right_square_bracket", "other(1)", show=False),
    ]

    def __init__(self, view: View, number: int) -> None:
        super().__init__(view)
        self._document = Document(view, "document", follows=True)
        self._number = number
        self._made: object = None

    def compose(self) -> ComposeResult:
        yield Head(self.view, "head")
        yield _Title(self.view, "title", self)
        yield self._document
        yield self.footer

    def on_mount(self) -> None:
        self.set_focus(self._document)

    def arranged(self, width: int, height: int) -> Grid:
        grid = slim(width, height, progress=False)
        if grid.mode == "tiny":
            return grid
        regions = dict(grid.regions)
        x, y, _, rows = regions["document"]
        title = 2 if height >= 18 else 1
        below = title + (height >= 24)
        regions["title"] = Region(x, y, width, title)
        regions["document"] = Region(x, y + below, width, rows - below)
        return replace(grid, regions=regions)

    def offered(self) -> tuple[Key, ...]:
        return (
            Key("o", "back"), Key("x", "end it", 1), Key("end", "follow", 2), Key("[ ]", "other actions", 3),
            *self.offered_search(), *self.offered_actions(), Key("?", "help", 4),
        )  # fmt: skip

    @property
    def searched(self) -> Document:
        return self._document

    def show(self, number: int) -> None:
        """Another one."""
        self._number = number
        self.footer.hush()
        self.turn()

    @property
    def run(self) -> ActionRun | None:
        """What is shown; None when a new iteration does not know it."""
        return next((run for run in self.view.state.actions if run.number == self._number), None)

    def turn(self) -> None:
        run = self.run
        if run is not None and self._document.size:
            width = self._document.size.width - 3
            made = (run.number, width, run.said, run.ended is None)
            if made != self._made:
                same = isinstance(self._made, tuple) and self._made[0] == run.number
                self._made = made
                if not same:
                    self._document.hold([], keep_place=False)
                self._document.hold(_rows(run, width))
        super().turn()

    def action_back(self) -> None:
        if not self.end_search():
            self.dismiss()

    def action_output(self) -> None:
        self.dismiss()

    def action_end_action(self) -> None:
        self.end_action()

    def action_other(self, by: int) -> None:
        numbers = [run.number for run in self.view.state.actions]
        at = numbers.index(self._number) + by if self._number in numbers else -1
        if 0 <= at < len(numbers):
            self.show(numbers[at])
        else:
            self.footer.say("no action has run after this one" if by > 0 else "no action has run before this one")


class _Title(Panel):
    """How it stands, and its command."""

    def __init__(self, view: View, id: str, screen: OutputScreen) -> None:
        super().__init__(view, id)
        self._of = screen

    def rows(self, width: int, height: int) -> list[Strip]:
        run = self._of.run
        first, second = self.line(), self.line()
        x = 2 if self.view.grid.mode == "wide" else 1
        if run is None:
            first.put(x, "it ran in an iteration before this one", "faint", width=width - 2 * x)
            return [first.strip()]
        put_run(first, x, width - x, self.view, run, said=False)
        first.put(first.at + 2, f"asked by {run.by}" if run.by else "", "faint", width=width - x - first.at - 2)
        second.put(x, command_words(run.command), "muted", width=width - 2 * x)
        return [first.strip(), second.strip()][:height]


def _rows(run: ActionRun, width: int) -> list[Row]:
    before = run.said - len(run.lines)
    rows = [Row((Piece(0, f"({many(before, 'line')} before these)", "faint"),))] if before else []
    for line in run.lines:
        rows += text_rows(line, width)
    if not run.said:
        rows.append(Row((Piece(0, "nothing said yet" if run.ended is None else "it said nothing", "faint"),)))
    return rows
