"""The board: turns keys into commands, and says which panel looks at what."""

from __future__ import annotations

from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from tui.protocol import Cancel, OnSave, Rerun
from tui.reports.amounts import many
from tui.screens.rerunning import RerunningScreen
from tui.screens.searching import opens_search
from tui.state import Test
from tui.widgets.actions.actions import Actions
from tui.widgets.failures.failures import Failures
from tui.widgets.footer.footer import Footer, Key, Question
from tui.widgets.grid import PINNING, Grid, arrange
from tui.widgets.head.head import Head
from tui.widgets.head.progress import Progress
from tui.widgets.listing import Listing
from tui.widgets.running.running import Running
from tui.widgets.tests.tests import Tests
from tui.widgets.tiers.pinned import Pinned
from tui.widgets.tiers.tiers import Tiers
from tui.widgets.view import SORTINGS, Subject, View

PANELS = ("tiers", "failures", "tests", "running")


class BoardScreen(RerunningScreen):
    """Verdict, tiers, failures, tests, workers."""

    NAME = "board"
    KEYS_HELP = (
        ("tab", "the next panel"),
        ("shift+tab", "the panel before"),
        ("arrows, j k", "move in a panel; page up and down, home, end"),
        ("enter", "a tier: its tests; a failure or a test: what happened"),
        ("esc", "back"),
        ("f", "run again all that failed or was blocked"),
        ("r", "run again what is selected: a test, a group's tests, a tier's tests; what is marked, if anything is"),
        ("space", "mark a test, or unmark it; esc unmarks all"),
        ("c", "run again one of each group of failures, and the rest only if these pass (a canary)"),
        ("a", "run everything again (asks)"),
        ("x", "end the selected running test; elsewhere, cancel the run (asks)"),
        ("/", "find tests as you type, in all tiers"),
        ("n", "the next failure"),
        ("N, p", "the failure before"),
        ("!", "only what blocks the deploy, and all again"),
        ("P", "pin the selected tier's live panel beside the board, or unpin it (from 200 columns)"),
        ("z", "the selected tier at full size: its tests as they come in, its gate, its trend"),
        ("W", "rerun on save: what failed, then what the saved files touch; and off again"),
        ("S", "sort tests: failed first, slowest first, by name, latest first"),
        ("A", "what happened while you were away, once more"),
        ("i", "the iterations, any two of them compared"),
        ("R", "the status report, as it would be written now"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab,right", "panel(1)", show=False),
        Binding("shift+tab,left", "panel(-1)", show=False),
        Binding("escape", "back", show=False),
        Binding("space", "mark", show=False),
        Binding("S", "sort", show=False),
        Binding("z", "zoom", show=False),
        Binding("exclamation_mark", "only_blocking", show=False),
        Binding("P", "pin", show=False),
        Binding("a", "rerun_all", show=False),
        Binding("x", "cancel", show=False),
        Binding("slash", "search", show=False),
        Binding("i", "iterations", show=False),
        Binding("A", "away", show=False),
        Binding("R", "report", show=False),
        Binding("W", "on_save", show=False),
        Binding("n", "failure(1)", show=False),
        Binding("N,p", "failure(-1)", show=False),
    ]

    def __init__(self, view: View, *, nested: bool = False) -> None:
        """``nested``: it is an earlier iteration's, opened from another board."""
        super().__init__(view)
        self._nested = nested
        self.tiers = Tiers(view, "tiers")
        self.failures = Failures(view, "failures")
        self.tests = Tests(view, "tests")
        self.running = Running(view, "running")
        self.zoomed = False
        self._zoomed_to_search = False
        self._searched = ""
        self._shape: tuple[int, int, bool, bool, bool] = (-1, -1, False, False, False)

    def compose(self) -> ComposeResult:
        yield Head(self.view, "head")
        yield Progress(self.view, "progress")
        yield self.tiers
        yield self.failures
        yield self.tests
        yield self.running
        yield Pinned(self.view, "pinned")
        yield Actions(self.view, "actions", lambda: self.footer.question)
        yield self.footer

    def on_mount(self) -> None:
        self._activate("tiers")

    def arranged(self, width: int, height: int) -> Grid:
        tiers, workers, zoomed, actions, pinned = self._wanted()
        return arrange(width, height, tiers, workers, zoomed, actions=actions, pinned=pinned)

    def _wanted(self) -> tuple[int, int, bool, bool, bool]:
        state, tallies = self.view.state, self.view.tallies
        workers, actions = max(state.workers_wanted, 1), bool(state.plan.actions)
        return max(1, len(tallies)), workers, self.zoomed, actions, bool(self.view.pinned)

    def turn(self) -> None:
        if self._wanted() != self._shape:
            self._shape = self._wanted()
            self.arrange_again()
        if self.view.active not in self.grid.regions and self.grid.mode != "tiny":
            self._activate("tests" if self.zoomed else "tiers")
        self.view.grid = self.grid
        for panel in (self.tiers, self.failures):
            if panel.id in self.grid.regions:
                panel.settle()
        self._look()
        super().turn()

    def _look(self) -> None:
        """What the tests panel shows follows the panel that keys act on."""
        subject = self.view.subject
        if self._searched or self.footer.typing is not None:
            subject = Subject("search", search=self._searched)
        elif self.view.active == "failures" and self.failures.cursor is not None:
            subject = Subject("group", signature=self.failures.cursor)
        elif self.view.active == "tiers" or subject.kind == "search":
            subject = Subject("tier", tier=self.tiers.cursor or "")
        if subject != self.view.subject:
            self.view.subject = subject
            self.tests.begin_again()

    def _activate(self, panel: str) -> None:
        self.view.active = panel
        self.set_focus(self.query_one(f"#{panel}"))

    def offered(self) -> tuple[Key, ...]:
        typed: tuple[Key, ...] = ()
        if self.view.marked:
            typed = (Key("esc", "unmark"), Key("r", f"rerun {len(self.view.marked)} marked"))
        elif self._searched or self.zoomed:
            typed = (Key("esc", "clear" if self._searched else "back"),)
        elif self._nested:
            typed = (Key("esc", "back"),)
        commands: tuple[Key, ...] = ()
        if self.why_not() is None:
            commands = (Key("f", "failed"), Key("r", "rerun", 4), Key("a", "all", 7), Key("x", "stop", 5))
        return (
            Key("?", "help", 2), *typed, Key("/", "search", 3), Key("enter", "open", 1),
            *((Key("K", "ask for the keys", 2),) if self.view.feed.company.driver else ()),
            *commands, Key("n N", "next, previous", 6),
            *((Key("s", "stream", 9),) if self.is_mounted and self.board.can_stream else ()),
            Key("tab", "panels", 8), Key("i", "iterations", 11), Key("R", "report", 12),
            *(() if "actions" in self.grid.regions else self.offered_actions()), Key("q", "quit", 1),
        )  # fmt: skip

    # Moving about

    def action_panel(self, by: int) -> None:
        here = [panel for panel in PANELS if panel in self.grid.regions and self.grid.regions[panel].height > 0]
        if self.grid.mode != "wide" and "running" in here:
            here.remove("running")
        if not here:
            return
        at = here.index(self.view.active) if self.view.active in here else 0
        self._activate(here[(at + by) % len(here)])
        self.turn()

    def action_back(self) -> None:
        if self.view.marked:
            self.view.marked.clear()
        elif self._searched:
            self._end_search()
        elif self.zoomed:
            self.zoomed = False
            self._activate("tiers")
        elif self.view.active != "tiers" and "tiers" in self.grid.regions:
            self._activate("tiers")
        elif self._nested:
            self.dismiss()
            return
        self.footer.hush()
        self.turn()

    def action_failure(self, by: int) -> None:
        if not self.view.state.failed:
            self.footer.say("nothing has failed")
            return
        if not self.failures.items():
            self.footer.say("nothing that fails blocks; ! shows all again")
            return
        if self.view.active != "failures" and "failures" in self.grid.regions:
            self._activate("failures")
            self.failures.move_to(self.failures.index)
        else:
            self.failures.move_to(self.failures.index + by)
        self.turn()

    def takes(self, key: events.Key) -> bool:
        return super().takes(key) or opens_search(self, key)

    def action_search(self) -> None:
        self.footer.type(self._searched)
        if "tests" not in self.grid.regions:
            self.zoomed = self._zoomed_to_search = True
        self.turn()

    @on(Footer.Typed)
    def _typed(self, message: Footer.Typed) -> None:
        self._searched = message.text.strip()
        if message.dropped:
            self._end_search()
        if message.done:
            self._show_tests()
        self.turn()

    def _end_search(self) -> None:
        self._searched = ""
        if self._zoomed_to_search:
            self.zoomed = self._zoomed_to_search = False
            self._activate("tiers")

    def _show_tests(self) -> None:
        self._look()
        if "tests" not in self.grid.regions:
            self.zoomed = True
            self.turn()
        self._activate("tests")

    @on(Listing.Chosen)
    def _chosen(self) -> None:
        """Only what depends on a cursor: a key is answered in the time of one panel, not of all."""
        self.footer.hush()
        self._look()
        self.tests.turn()
        self.footer.turn()

    @on(Listing.Opened)
    def _opened(self, message: Listing.Opened) -> None:
        if message.listing is self.tiers:
            self._show_tests()
            self.turn()
        elif message.listing is self.failures:
            self._open(self._group()[:1], "none of this group fails now")
        elif message.listing is self.tests:
            self._open(self._selected(), "no test is selected")
        else:
            self.footer.say("x ends the test that this worker runs" if self._selected() else "this worker runs nothing")

    def _open(self, tests: list[Test], why_not: str) -> None:
        if not tests:
            self.footer.say(why_not)
        elif not tests[0].attempts:
            self.footer.say("it runs now, for the first time" if tests[0].status == "running" else "it has not run yet")
        else:
            self.board.failure(tests[0].id)

    # Commands

    def _group(self) -> list[Test]:
        return next((g.tests for g in self.view.groups if g.signature == self.failures.cursor), [])

    def _selected(self) -> list[Test]:
        """The tests that ``r`` would run again."""
        state, active = self.view.state, self.view.active
        if active == "failures":
            return self._group()
        if active == "tests":
            return [state.tests[self.tests.cursor]] if self.tests.cursor in state.tests else []
        if active == "running":
            worker = state.workers.get(self.running.cursor or 0)
            return [state.tests[worker.test]] if worker is not None and worker.test is not None else []
        return [test for test in state.present() if test.tier == self.tiers.cursor]

    def action_iterations(self) -> None:
        self.board.iterations()

    def action_away(self) -> None:
        self.board.away()

    def action_report(self) -> None:
        self.board.report()

    def action_rerun(self) -> None:
        state = self.view.state
        marked = [test for test in self.view.marked if test in state.tests and not state.tests[test].gone]
        tests = marked or [test.id for test in self._selected()]
        self.rerun(tests, "nothing is selected that could run again", "the" if marked else "these")

    def reran(self) -> None:
        self.view.marked.clear()

    def action_sort(self) -> None:
        view = self.view
        view.sorting = SORTINGS[(SORTINGS.index(view.sorting) + 1) % len(SORTINGS)]
        self.tests.begin_again()
        self.footer.say(f"tests: {view.sorting}")
        self.turn()

    def action_zoom(self) -> None:
        tier = self.tiers.cursor or next(iter(self.view.tallies), None)
        if tier is None:
            self.footer.say("no tier is known yet")
        else:
            self.board.tier(tier)

    def action_only_blocking(self) -> None:
        view = self.view
        if not view.only_blocking and not any(view.blocks(tier) for tier in view.tallies):
            self.footer.say("nothing blocks")
            return
        view.only_blocking = not view.only_blocking
        for panel in (self.tiers, self.failures, self.tests):
            panel.begin_again()
        self.footer.say("only what blocks; ! shows all again" if view.only_blocking else "all is shown")
        self.turn()

    def action_pin(self) -> None:
        view, tier = self.view, self.tiers.cursor
        if self.size.width < PINNING:
            self.footer.say(f"pinned tiers want {PINNING} columns, this terminal has {self.size.width}; z opens one")
        elif tier is None:
            self.footer.say("no tier is selected")
        elif tier in view.pinned:
            del view.pinned[tier]
        else:
            view.pinned[tier] = None
        self.turn()

    def action_mark(self) -> None:
        if self.view.active != "tests" or self.tests.cursor is None:
            self.footer.say("space marks tests: tab goes to their list")
            return
        if self.tests.cursor in self.view.marked:
            del self.view.marked[self.tests.cursor]
        else:
            self.view.marked[self.tests.cursor] = None
        self.tests.action_move(1)

    def action_rerun_all(self) -> None:
        count = self.view.total.total
        if why := self.why_not() or (None if count else "no test is known yet"):
            self.footer.say(why)
            return
        again = f"Run all {many(count, 'test')} again?"
        self.footer.ask(
            Question(again, (("y", "yes"),), lambda _: self.order(Rerun("all", requested=self.view.clock())))
        )

    def action_on_save(self) -> None:
        """Each has the other's effect: it is asked for as it is not."""
        on_save = self.view.state.on_save
        if why := self.why_not():
            self.footer.say(why)
        else:
            self.order(OnSave(on_save is None or not on_save.on))

    def action_cancel(self) -> None:
        if not self.view.state.is_running and self.view.state.current_action is not None:
            self.end_action()
            return
        if why := self.why_not() or (None if self.view.state.is_running else "nothing runs"):
            self.footer.say(why)
            return
        selected = self._selected() if self.view.active in {"tests", "running"} else []
        if selected and selected[0].worker is not None:
            self.order(Cancel(selected[0].id))
            return
        left = self.view.total.statuses
        count = left.get("running", 0) + left.get("waiting", 0)
        ask = f"Cancel what is left of this run, {many(count, 'test')}?"
        self.footer.ask(Question(ask, (("y", "yes"),), lambda _: self.order(Cancel())))
