"""One failure, with the slim head above it staying live: the run goes on."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Region

from tui.errors import StagewatchError
from tui.events import Evidence
from tui.protocol import Cancel
from tui.screens.keys import Keyed
from tui.screens.rerunning import RerunningScreen
from tui.screens.searching import SearchingScreen
from tui.screens.slim import slim
from tui.state import Test
from tui.state.past import Past
from tui.widgets.document import Document, Piece, Row
from tui.widgets.failure.aside import Aside
from tui.widgets.failure.error import error_rows
from tui.widgets.failure.history import before, hint, history_rows
from tui.widgets.failure.output import LEVELS, attempt_rows, output_lines, output_rows
from tui.widgets.failure.tabs import Tab, Tabs
from tui.widgets.failure.title import Title
from tui.widgets.footer.footer import Key, Question
from tui.widgets.grid import Grid
from tui.widgets.head.head import Head
from tui.widgets.head.progress import Progress
from tui.widgets.marks import MARKS
from tui.widgets.view import View


class FailureScreen(SearchingScreen, RerunningScreen):
    """Message, source, calls, output, attempts of one test."""

    NAME = "failure"
    KEYS_HELP = (
        ("1 2 3 4", "tabs"),
        ("arrows, j k", "scroll; space, page up and down, home, end"),
        ("n", "the next failure"),
        ("N, p", "the failure before"),
        ("[", "an earlier attempt"),
        ("]", "a later attempt"),
        ("/", "find a text in this tab; then n and N go from hit to hit, esc clears"),
        ("L", "of what was logged, only INFO and above; WARNING; ERROR; all again"),
        ("u", "unfold and fold library frames, and the locals of your own"),
        ("e", "open the failing line in your editor (VISUAL, EDITOR)"),
        ("y", "copy: the message, the node id, or a command that runs just this test with pytest"),
        ("r", "run this test again"),
        ("f", "run again all that failed"),
        ("c", "a canary: one of each group of failures, the rest only if these pass"),
        ("x", "end this test, if it runs"),
        ("esc", "back to the board"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,backspace", "back", show=False),
        *(Binding(str(number), f"tab({number})", show=False) for number in range(1, 10)),
        Binding("n", "failure(1)", show=False),
        Binding("N,p", "failure(-1)", show=False),
        Binding("left_square_bracket", "attempt(-1)", show=False),
        Binding("right_square_bracket", "attempt(1)", show=False),
        Binding("u", "unfold", show=False),
        Binding("L", "level", show=False),
        Binding("e", "edit", show=False),
        Binding("y", "copy", show=False),
        Binding("x", "cancel", show=False),
    ]

    def __init__(self, view: View, test: int) -> None:
        super().__init__(view)
        self._title, self._tabs = Title(view, "title"), Tabs(view, "tabs")
        self._document, self._aside = Document(view, "document"), Aside(view, "aside")
        self._pasts: dict[int, Past] = {}
        self._evidence: dict[tuple[int, int], Evidence | None] = {}
        self._unfolded = False
        self._level = LEVELS[0]
        self._steps: list[int] = [t.id for t in view.failures()]
        self._made: object = None
        self.test = test
        self.attempt = 0
        self._awaited: tuple[int, int] | None = None
        """A test that was asked to run again from here, and the attempt that was its latest then."""
        self._show(test)

    def compose(self) -> ComposeResult:
        yield Head(self.view, "head")
        yield Progress(self.view, "progress")
        yield self._title
        yield self._tabs
        yield self._document
        yield self._aside
        yield self.footer

    def on_mount(self) -> None:
        self.set_focus(self._document)
        self._fetch()

    def arranged(self, width: int, height: int) -> Grid:
        grid = slim(width, height)
        if grid.mode == "tiny":
            return grid
        regions = dict(grid.regions)
        top = regions["document"].y
        title = 3 if height >= 20 else 1
        regions["title"] = Region(0, top, width, title)
        tabs = top + title + (grid.mode == "wide")
        regions["tabs"] = Region(0, tabs, width, 2)
        body = tabs + 2 + (grid.mode == "wide")
        rows = max(0, height - 1 - (height >= 24) - body)
        side = grid.axis - 2 if grid.mode == "wide" else width
        regions["document"] = Region(0, body, side, rows)
        if grid.mode == "wide":
            regions["aside"] = Region(side, body, width - side, rows)
        return replace(grid, regions=regions)

    def offered(self) -> tuple[Key, ...]:
        tabs = len(self._tabs.tabs)
        return (
            *(() if self.is_mounted and self.searched.needle else (Key("esc", "back"),)),
            *((Key(f"1-{tabs}", "tab", 3),) if tabs > 1 else ()),
            *(() if self.is_mounted and self.searched.needle else (Key("n N", "next, previous failure", 1),)),
            Key("r", "rerun this", 2), Key("f", "rerun failed", 4), Key("u", "unfold", 6), Key("[ ]", "attempt", 5),
            *((Key("L", "level", 9),) if self._tabs.open == "Output" else ()),
            Key("e", "editor", 7), Key("y", "copy", 8), *self.offered_search(),
            *self.offered_actions(), Key("?", "help"),
        )  # fmt: skip

    @property
    def searched(self) -> Document:
        return self._document

    def turn(self) -> None:
        self._answer()
        self._build()
        self._tabs.place = self._document.place
        super().turn()

    # What is shown

    def _answer(self) -> None:
        """The attempt that was asked for here has ended. What is read stays where it is, so that has to be said."""
        test = self._test()
        if test is None or self._awaited is None or len(test.attempts) <= self._awaited[1]:
            return
        asked, self._awaited = self._awaited, None
        if asked == (self.test, self.attempt):
            outcome = test.attempts[-1].outcome
            self.footer.say(f"attempt {len(test.attempts)}: {outcome}; ] shows it", MARKS[outcome].role)

    def _test(self) -> Test | None:
        return self.view.state.tests.get(self.test)

    def _show(self, id: int) -> None:
        self.test = id
        test = self._test()
        self.attempt = len(test.attempts) if test else 0
        self._title.test = self._aside.test = id
        self._tabs.open = "Error"
        self._document.find("")
        self._document.top = 0

    def _fetch(self) -> None:
        """Ask for the evidence; what is on the screen does not wait for it."""
        self.run_worker(self._fetched(self.test, self.attempt), exclusive=False)
        self.run_worker(self._looked_up(self.test), exclusive=False)

    async def _fetched(self, test: int, attempt: int) -> None:
        if (test, attempt) not in self._evidence and attempt:
            self._evidence[test, attempt] = await self.view.feed.evidence(test, attempt)
        self.turn()

    async def _looked_up(self, id: int) -> None:
        """The test's past, once: an unreadable journal says nothing of it."""
        test = self.view.state.tests.get(id)
        if test is not None and id not in self._pasts:
            with suppress(StagewatchError):
                past = await self.view.feed.archive.past(test.node, test.ordinal)
                self._pasts[id] = before(past, self.view.state.iteration)
            self.turn()

    def _build(self) -> None:
        """Make the document anew if it is about something else, or is wider, or has more to say."""
        test = self._test()
        width = self._document.size.width - 4
        if test is None or not test.attempts or width < 8:
            return
        key = (self.test, self.attempt)
        known = (key in self._evidence, self.test in self._pasts)
        made = (key, known, self._tabs.open, self._unfolded, self._level, width, len(test.attempts))
        if made == self._made:
            return
        same = isinstance(self._made, tuple) and self._made[0] == key and self._made[2] == self._tabs.open
        self._made = made
        self._title.attempt = self.attempt
        evidence = self._evidence.get(key)
        self._tabs.tabs = self._offered(test, evidence)
        self._document.hold(self._rows(test, evidence, key in self._evidence, width), keep_place=same)

    def _offered(self, test: Test, evidence: Evidence | None) -> list[Tab]:
        tabs = [Tab("Error")]
        if evidence is not None and evidence.sections:
            lines = output_lines(evidence)
            tabs.append(Tab("Output", f"{lines} line{'s' * (lines != 1)}"))
        tabs.append(Tab("Attempts", str(len(test.attempts))))
        past = self._pasts.get(test.id)
        return [*tabs, Tab("History", hint(test, past))] if past is not None and past.attempts else tabs

    def _rows(self, test: Test, evidence: Evidence | None, known: bool, width: int) -> list[Row]:
        glyphs = self.view.glyphs
        if self._tabs.open == "Attempts":
            return attempt_rows(test, self.attempt, glyphs, width)
        if self._tabs.open == "History" and test.id in self._pasts:
            return history_rows(self.view.state, test, self._pasts[test.id], glyphs, width)
        if self._tabs.open == "Output" and evidence is not None:
            return output_rows(evidence, width, self._level)
        attempt = test.attempts[self.attempt - 1]
        if not known:
            return [
                *error_rows(test, attempt, Evidence(), width, glyphs, unfolded=False),
                Row(),
                Row((Piece(0, "fetching what it left behind", "faint"),)),
            ]
        return error_rows(test, attempt, evidence, width, glyphs, unfolded=self._unfolded)

    # Keys

    def action_back(self) -> None:
        if not self.end_search():
            self.dismiss()

    def keys_now(self) -> Sequence[Keyed]:
        return [*((str(number), f"tab {tab.name}") for number, tab in enumerate(self._tabs.tabs, 1)), *self.KEYS_HELP]

    def action_tab(self, number: int) -> None:
        if number <= len(self._tabs.tabs):
            self._tabs.open = self._tabs.tabs[number - 1].name
            self.turn()

    def action_unfold(self) -> None:
        self._unfolded = not self._unfolded
        self.turn()

    def action_level(self) -> None:
        """Of what was logged, hide what is below the next level."""
        if self._tabs.open != "Output":
            self.footer.say("L hides what was logged below a level: 2 opens the output")
            return
        self._level = LEVELS[(LEVELS.index(self._level) + 1) % len(LEVELS)]
        self.footer.say(f"logged at {self._level} and above" if self._level != LEVELS[0] else "all that was logged")
        self.turn()

    def action_failure(self, by: int) -> None:
        """Step through the failures there were when the screen opened, and those that came since; or through hits."""
        if self.searched.needle:
            self.action_hit(by)
            return
        state = self.view.state
        self._steps += [id for id in state.failed if id not in set(self._steps)]
        at = self._steps.index(self.test) if self.test in self._steps else -by
        there = [id for id in self._steps[at + by :: by] if id in state.failed] if at + by >= 0 else []
        if not there:
            self.footer.say("this is the last failure" if by > 0 else "this is the first failure")
            return
        self.footer.hush()
        self._show(there[0])
        self._fetch()
        self.turn()

    def action_attempt(self, by: int) -> None:
        test = self._test()
        count = len(test.attempts) if test else 0
        if not 1 <= self.attempt + by <= count:
            self.footer.say(f"there is no {'later' if by > 0 else 'earlier'} attempt")
            return
        self.attempt += by
        self._fetch()
        self.turn()

    def action_edit(self) -> None:
        """At the failing line of the innermost own frame; at the test, where nothing is known of one."""
        test = self._test()
        if test is None or not test.path:
            self.footer.say("it is not known in which file this test is")
            return
        evidence = self._evidence.get((self.test, self.attempt))
        own = [frame for frame in evidence.frames if frame.own] if evidence is not None else []
        path, line = (own[-1].path, own[-1].line) if own else (test.path, test.line)
        if why := self.board.edit(path, line):
            self.footer.say(why, "warn")
        else:
            self.footer.hush()
            self.turn()

    def action_copy(self) -> None:
        answers = (("m", "message"), ("i", "node id"), ("c", "pytest command"))
        self.footer.ask(Question("Copy", answers, self._copy, no="nothing"))

    def _copy(self, what: str) -> None:
        test = self._test()
        if test is None:
            return
        attempt = test.attempts[self.attempt - 1] if test.attempts else None
        text = {
            "m": attempt.message if attempt is not None else "",
            "i": test.node,
            "c": f"cd {shlex.quote(self.view.state.root)} && python -m pytest {shlex.quote(test.node)}",
        }[what]
        where = self.board.copy(text)
        self.footer.say(f"copied by OSC 52, for terminals that take it, and to {where}", "run")

    def action_rerun(self) -> None:
        test = self._test()
        if test is not None and self.attempt == len(test.attempts):
            self._awaited = (self.test, self.attempt)
        self.rerun([self.test], "this test is gone")

    def action_cancel(self) -> None:
        test = self._test()
        if why := self.why_not() or (None if test and test.worker is not None else "this test does not run"):
            self.footer.say(why)
            return
        self.order(Cancel(self.test))
