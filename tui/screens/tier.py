"""A tier's live panel: its tests as they come in, what runs, what fails, its gate and its trend."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Region

from tui.screens.rerunning import RerunningScreen
from tui.screens.slim import slim
from tui.widgets.footer.footer import Key
from tui.widgets.grid import Grid
from tui.widgets.head.head import Head
from tui.widgets.listing import Listing
from tui.widgets.tests.tests import Tests
from tui.widgets.tiers.tier import TierAside, TierTitle
from tui.widgets.view import SORTINGS, Subject, View


class TierScreen(RerunningScreen):
    """Tests stream in, the newest on top, until somebody goes among them: then they stand still, as everywhere."""

    NAME = "a tier"
    KEYS_HELP = (
        ("arrows, j k", "go among its tests, which then stand still; page up and down, home, end"),
        ("enter", "what happened in a test"),
        ("[", "the tier before"),
        ("]", "the next tier"),
        ("S", "sort its tests: failed first, slowest first, by name, latest first"),
        ("r", "run this tier again (asks, if it is more than ten tests)"),
        ("f", "run again all that failed, in all tiers"),
        ("c", "a canary: one of each group of failures, the rest only if these pass"),
        ("z, esc", "back"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,backspace,z", "back", show=False),
        Binding("left_square_bracket", "other(-1)", show=False),
        Binding("right_square_bracket", "other(1)", show=False),
        Binding("S", "sort", show=False),
    ]

    def __init__(self, view: View, tier: str) -> None:
        super().__init__(view)
        self._title, self._aside = TierTitle(view, "tier", tier), TierAside(view, "aside", tier)
        self._tests = Tests(view, "tests")
        self._was = view.active, view.subject, view.sorting
        view.sorting = "latest first"
        self._is_entered = False
        self._look(tier)

    def compose(self) -> ComposeResult:
        yield Head(self.view, "head")
        yield self._title
        yield self._tests
        yield self._aside
        yield self.footer

    def on_mount(self) -> None:
        self.set_focus(self._tests)

    def on_unmount(self) -> None:
        self.view.active, self.view.subject, self.view.sorting = self._was

    def on_screen_resume(self) -> None:
        self._stand()
        super().on_screen_resume()

    def arranged(self, width: int, height: int) -> Grid:
        grid = slim(width, height, progress=False)
        if grid.mode == "tiny":
            return grid
        regions = dict(grid.regions)
        _, top, _, rows = regions.pop("document")
        title = 4 if height >= 18 else 2
        body = top + title + (height >= 18)
        left = max(0, top + rows - body)
        side = grid.axis - 2 if grid.mode == "wide" else width
        regions["tier"] = Region(0, top, width, title)
        regions["tests"] = Region(0, body, side, left)
        if grid.mode == "wide":
            regions["aside"] = Region(side, body, width - side, left)
        return replace(grid, regions=regions)

    def offered(self) -> tuple[Key, ...]:
        return (
            Key("esc", "back"), Key("enter", "open", 1), Key("[ ]", "other tiers", 3), Key("f", "failed"),
            Key("r", "rerun tier", 4), Key("S", "sort", 5), *self.offered_actions(), Key("?", "help", 2),
        )  # fmt: skip

    def _look(self, tier: str) -> None:
        self._title.tier = self._aside.tier = tier
        self.view.subject = Subject("tier", tier=tier)
        self._stand()

    def _stand(self) -> None:
        self.view.active = "tests" if self._is_entered else self.NAME

    def turn(self) -> None:
        self._tests.settle()
        super().turn()

    # Keys

    @on(Listing.Chosen)
    def _chosen(self) -> None:
        self._is_entered = True
        self._stand()
        self.footer.hush()
        self.turn()

    @on(Listing.Opened)
    def _opened(self) -> None:
        test = self.view.state.tests.get(self._tests.cursor or 0)
        if test is None or not test.attempts:
            self.footer.say("it has not run yet" if test is not None else "no test is selected")
        else:
            self.board.failure(test.id)

    def action_back(self) -> None:
        self.dismiss()

    def action_other(self, by: int) -> None:
        tiers = list(self.view.tallies)
        at = tiers.index(self._title.tier) + by if self._title.tier in tiers else -1
        if not 0 <= at < len(tiers):
            self.footer.say("this is the last tier" if by > 0 else "this is the first tier")
            return
        self.footer.hush()
        self._is_entered = False
        self._look(tiers[at])
        self._tests.begin_again()
        self.turn()

    def action_sort(self) -> None:
        self.view.sorting = SORTINGS[(SORTINGS.index(self.view.sorting) + 1) % len(SORTINGS)]
        self._tests.begin_again()
        self.footer.say(f"tests: {self.view.sorting}")
        self.turn()

    def action_rerun(self) -> None:
        tests = [test.id for test in self.view.state.present() if test.tier == self._title.tier]
        self.rerun(tests, "this tier has no test", f"{self._title.tier}'s")
