"""What every screen has: a grid of panels, a footer that answers, and the keys that mean the same everywhere."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from dataclasses import replace
from typing import ClassVar, Literal, Protocol, cast

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.strip import Strip

from tui.plan.model import Action
from tui.protocol import Accepted, Act, Cancel, GiveKeys, Refused, Request, WantKeys
from tui.reports.actions import command_words
from tui.reports.sentences import names_of
from tui.screens.framework import PatientScreen, Placed
from tui.screens.keys import EVERYWHERE, Keyed, commands
from tui.state import RunState
from tui.widgets.footer.footer import Footer, Key, Question
from tui.widgets.grid import Grid
from tui.widgets.panel import Panel
from tui.widgets.view import View


class Board(Protocol):
    """What screens ask of the app they are in."""

    @property
    def can_stream(self) -> bool: ...
    def leave(self, decision: Literal["leave", "stop"]) -> None: ...
    def repaint(self) -> None: ...
    def help(self, of: str, keys: Sequence[Keyed], actions: Sequence[Keyed]) -> None: ...
    def palette(self, commands: Sequence[Keyed]) -> None: ...
    def press(self, key: events.Key) -> None: ...
    def stream(self) -> None: ...
    def mouse(self) -> None: ...
    def away(self) -> None: ...
    def failure(self, test: int) -> None: ...
    def output(self, number: int) -> None: ...
    def iterations(self) -> None: ...
    def iteration(self, state: RunState) -> None: ...
    def edit(self, path: str, line: int) -> str: ...
    def copy(self, text: str) -> str: ...
    def report(self) -> None: ...
    def tier(self, id: str) -> None: ...


class BaseScreen(PatientScreen, inherit_bindings=False):
    """Subclasses give ``arranged`` (where panels stand), ``offered`` (keys for the footer) and ``panels``."""

    AUTO_FOCUS: ClassVar[str | None] = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "help", show=False),
        Binding("q,ctrl+c,ctrl+q", "leave", show=False),
        Binding("ctrl+l", "repaint", show=False),
        Binding("s", "stream", show=False),
        Binding("o", "output", show=False),
        Binding("K", "keys", show=False),
        Binding("M", "mouse", show=False),
        Binding("T", "alone", show=False),
        Binding("colon,ctrl+p", "palette", show=False),
    ]
    NAME: ClassVar[str] = ""
    KEYS_HELP: ClassVar[tuple[Keyed, ...]] = ()

    def __init__(self, view: View) -> None:
        super().__init__()
        self.view = view
        self.grid = Grid()
        self.footer = Footer(view, "footer", self.offered)
        self._placed = Placed(self._regions)
        self._alone = ""
        """The panel that has the whole screen."""
        self.styles.overflow_x = self.styles.overflow_y = "hidden"

    def arranged(self, width: int, height: int) -> Grid:
        raise NotImplementedError

    def offered(self) -> tuple[Key, ...]:
        raise NotImplementedError

    @property
    def layout(self) -> Placed:
        """Textual asks a widget for its layout; a style can only name one of Textual's own."""
        return self._placed

    @property
    def board(self) -> Board:
        return cast(Board, self.app)

    def _regions(self, size: Size) -> dict[str, Region]:
        grid = self.arranged(size.width, size.height)
        if self._alone in grid.regions:
            grid = replace(grid, regions={self._alone: Region(0, 0, size.width, size.height)})
        self.view.grid = self.grid = grid
        return grid.regions

    def arrange_again(self) -> None:
        """The grid is another one. (A screen's arrangement is only forgotten when a child asks for a layout.)"""
        if self.size:
            self._regions(self.size)
            self.footer.refresh(layout=True)

    def turn(self) -> None:
        """Draw what has changed."""
        if self._alone and self.footer.takes_keys:
            self._set_alone("")  # what is asked has to be seen
        self.view.grid = self.grid
        for panel in self.query_children(Panel):
            if panel.id in self.grid.regions:
                panel.turn()

    def render_lines(self, crop: Region) -> list[Strip]:
        """Behind the panels: nothing, in the ground's colour."""
        return [Strip.blank(crop.width, self.view.ink.base)] * crop.height

    def on_resize(self) -> None:
        self.call_after_refresh(self.turn)

    def on_screen_resume(self) -> None:
        self.view.grid = self.grid
        self.turn()

    def order(self, command: Request) -> None:
        """Ask the session for something, and show its answer."""
        self.run_worker(self._order(self.view.feed.send(command)), exclusive=False)

    async def _order(self, answer: Awaitable[Accepted | Refused]) -> None:
        match await answer:
            case Accepted(what=what):
                self.footer.say(what, "run")
            case Refused(why=why):
                self.footer.say(why, "warn")

    def why_not(self) -> str | None:
        """Why no command of this viewer can do anything now."""
        feed = self.view.feed
        if feed.farewell is not None:
            return feed.farewell
        if feed.read_only is not None:
            asks = "; K asks for the keys" if feed.company.driver else ""
            return f"you can only watch: {feed.read_only}{asks}"
        if feed.state.ended is not None:
            return "this iteration has ended"
        return None

    # Actions of the plan: their keys mean the same everywhere.

    def on_key(self, event: events.Key) -> None:
        action = next((one for one in self.view.state.plan.actions if one.key == event.character), None)
        if action is not None:
            event.stop()
            self.act(action)

    def act(self, action: Action) -> None:
        """Run an action, having asked if it wants that; while it runs, show what it says."""
        running = self.view.state.current_action
        if running is not None and running.key == action.key:
            self.board.output(running.number)
        elif why := self.why_not() or (None if running is None else f"{running.title} runs: one action at a time"):
            self.footer.say(why)
        elif not action.confirm:
            self.order(Act(action.key))
        else:
            command = f"{action.title}: {command_words(action.command)}"
            answers = (("y", "run it"),)
            self.footer.ask(Question(f"{command}?", answers, lambda _: self.order(Act(action.key)), about=command))

    def offered_actions(self) -> tuple[Key, ...]:
        """Their keys for a footer: of more need than any of the screen's own."""
        return tuple(Key(action.key, action.title, 10) for action in self.view.state.plan.actions)

    def end_action(self) -> None:
        """End the action that runs, having asked."""
        running = self.view.state.current_action
        if why := self.why_not() or (None if running is not None else "no action runs"):
            self.footer.say(why)
            return
        assert running is not None
        self.footer.ask(
            Question(f"End {running.title}?", (("y", "end it"),), lambda _: self.order(Cancel(action=True)))
        )

    def action_output(self) -> None:
        actions = self.view.state.actions
        if actions:
            self.board.output(actions[-1].number)
        else:
            self.footer.say("no action has run" if self.view.state.plan.actions else "the plan has no actions")

    def action_mouse(self) -> None:
        self.board.mouse()

    def action_alone(self) -> None:
        """The panel that keys act on gets the whole screen: its text can be selected, and nothing stands beside it."""
        panel = self.focused.id if self.focused is not None else None
        if panel not in self.grid.regions:
            self.footer.say("nothing here can have the whole screen")
        else:
            self._set_alone(panel or "")

    def takes(self, key: events.Key) -> bool:
        """Whether a key was for what is open before the panels: they don't get it then."""
        if self._alone and key.key in {"T", "escape"}:
            self._set_alone("")
        elif self.footer.takes_keys:
            self.footer.take(key)
        else:
            return False
        return True

    def _set_alone(self, panel: str) -> None:
        self._alone = panel
        self.arrange_again()
        self.call_after_refresh(self.turn)

    # The keys of a session: one viewer drives, the others watch, and may ask.

    def action_keys(self) -> None:
        feed = self.view.feed
        company = feed.company
        if feed.farewell is not None:
            self.footer.say(feed.farewell)
        elif company.asking:
            self.ask_to_hand_over(company.asking)
        elif company.driver:
            self.order(WantKeys())
        elif feed.read_only is not None:
            self.footer.say("you watch read-only: attach without --read-only to drive")
        else:
            watch = f"{names_of(company.watchers)} watch{'es' * (len(company.watchers) == 1)}"
            self.footer.say(f"you drive, {watch if company.watchers else 'and nobody else watches'}")

    def ask_to_hand_over(self, who: str) -> None:
        """Somebody else would drive."""
        asked = f"{who} asks for the keys of this session."
        question = Question(asked, (("y", "hand them over"), ("k", "keep them")), self._answer_about_keys, no="later")
        self.footer.ask(question)

    def _answer_about_keys(self, key: str) -> None:
        self.order(GiveKeys(key == "y"))

    def action_leave(self) -> None:
        state = self.view.state
        running = state.current_action
        if self.why_not() is not None or not (state.is_running or running):
            self.board.leave("leave")
            return
        self.footer.ask(
            Question(
                "The run is not done." if state.is_running or running is None else f"{running.title} is not done.",
                (("l", "leave it running"), ("s", "stop it")),
                lambda key: self.board.leave("stop" if key == "s" else "leave"),
                no="stay",
            )
        )

    def action_repaint(self) -> None:
        self.board.repaint()

    def action_help(self) -> None:
        self.board.help(self.NAME, [*self.KEYS_HELP, *self._everywhere()], self._actions())

    def action_palette(self) -> None:
        self.board.palette(commands([*self._actions(), *self.keys_now(), *self._everywhere()]))

    def keys_now(self) -> Sequence[Keyed]:
        """What the screen's own keys do as it stands."""
        return self.KEYS_HELP

    def _everywhere(self) -> list[Keyed]:
        return [one for one in EVERYWHERE if one[0] != "s" or self.board.can_stream]

    def _actions(self) -> list[Keyed]:
        return [(one.key, f"{one.title}: {command_words(one.command)}") for one in self.view.state.plan.actions]

    def action_stream(self) -> None:
        if self.board.can_stream:
            self.board.stream()
        else:
            self.footer.say("there is no plain stream here")
