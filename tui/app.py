"""The Textual application: wires screens to a feed, gives the terminal back, and nothing else."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, TypeAlias, cast

os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
os.environ.setdefault("TEXTUAL_SMOOTH_SCROLL", "0")

from textual import events
from textual.app import SuspendNotSupported
from textual.screen import Screen

from tui import places
from tui.client.feed import Company, Feed
from tui.client.looks import Look
from tui.client.recorded import RecordedFeed
from tui.documents import write_document
from tui.editor import editor_command
from tui.errors import StagewatchError
from tui.events import Event
from tui.reports.away import Happening, happenings
from tui.screens.base import BaseScreen
from tui.screens.board import BoardScreen
from tui.screens.framework import ThriftyApp, name_of_character
from tui.screens.keys import Keyed
from tui.screens.notices import Notices
from tui.screens.said import Said
from tui.screens.terminal import background
from tui.state import RunState
from tui.widgets.ink import Ink, Theme, depth_of
from tui.widgets.marks import glyphs, locale_wants_ascii
from tui.widgets.view import View

Decision: TypeAlias = Literal["leave", "stop"]
"""How the user left: the run goes on, or the session shall end."""

Lines: TypeAlias = Callable[[RunState, Sequence[Event]], list[str]]
"""The plain stream's lines of a batch, or of a whole state when the batch is empty (``reports.lines.Lines().of``)."""

AWAY = 60.0
"""Seconds without the terminal's focus after which somebody was away."""
OFTEN, OFTEN_OVER_SSH = 0.2, 0.25
"""Seconds between two drawings of results (a key is answered at once): no more is sent than ``pytest -v`` writes."""


async def run_board(
    feed: Feed, *, theme: str = "auto", ascii: bool | None = None,
    clock: Callable[[], float] = time.time, lines: Lines | None = None, since: Look | None = None,
    is_new: bool = False,
) -> Decision:  # fmt: skip
    """Show a feed until the user leaves; the terminal is as it was when this returns or raises.

    ``since``: how far this user has seen the project, to be told what happened meanwhile: first of all, unless the run
    ``is_new``, started by who looks.

    A hang-up, TERM and INT from outside are *leave*: a viewer never ends a run. An exception in
    the board is raised here, after the terminal has been given back.
    """
    app = StagewatchApp(feed, theme=theme, ascii=ascii, clock=clock, lines=lines, since=since, is_new=is_new)
    loop = asyncio.get_running_loop()
    signals = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
    for one in signals:
        loop.add_signal_handler(one, app.leave, "leave")
    try:
        await app.run_async(mouse=False)
    finally:
        for one in signals:
            loop.remove_signal_handler(one)
    if app.crash is not None:
        raise app.crash
    return app.decision


class StagewatchApp(ThriftyApp):
    """Follows a feed, and turns the screen at a steady, low rate from its newest state.

    Screens other than the board are imported when they are opened: a fifth of what stands between command and board.
    """

    ENABLE_COMMAND_PALETTE = False

    def __init__(
        self, feed: Feed, *, theme: str = "auto", ascii: bool | None = None,
        clock: Callable[[], float] = time.time, lines: Lines | None = None, since: Look | None = None,
        is_new: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        chosen, self._typed = background() if theme in ("auto", "terminal") else (cast(Theme, theme), "")
        depth = depth_of(os.environ)
        if theme == "terminal" and depth != "none":
            depth = "16"
        wants_ascii, ascii_text = locale_wants_ascii(os.environ)
        self.view = View(
            feed,
            Ink(chosen, depth),
            glyphs(wants_ascii if ascii is None else ascii, ascii_text),
            clock,
        )
        self.feed = feed
        self.decision: Decision = "leave"
        self._rate = OFTEN_OVER_SSH if os.environ.get("SSH_CONNECTION") else OFTEN
        self._notices = Notices(os.environ, ascii=self.view.glyphs.ascii)
        self._lines = lines
        self._said = Said()
        self._due = False
        self._is_new = is_new
        self._since, self._blurred = since, cast("Look | None", None)
        self._has_mouse = False
        self._company = Company()
        self._turned = 0.0

    def get_default_screen(self) -> Screen[Any]:
        return BoardScreen(self.view)

    def on_mount(self) -> None:
        self._send(self._notices.begin())
        self.set_interval(1.0, self._tick)
        # Catching up with the plain stream takes its time, and nobody has asked for it yet: first the board is seen.
        self.call_after_refresh(lambda: self.run_worker(self._follow(), exclusive=False))
        self.call_after_refresh(self._type, self._typed)
        if self._since is not None and not self._is_new:
            self.run_worker(self._tell_what_happened(quietly=True), exclusive=False)

    def _type(self, typed: str) -> None:
        """What was typed before there was a board."""
        for character in typed:
            self.press(events.Key(name_of_character(character), character))

    async def _follow(self) -> None:
        self._tell(())
        async for batch in self.feed.updates():
            if not batch:
                self.view.forget()
            self._tell(batch)
            self._want_turn()
        self.turn()

    def _tell(self, batch: Sequence[Event]) -> None:
        if self._lines is not None:
            self._said.add(self._lines(self.feed.state, batch))

    def _tick(self) -> None:
        """Clocks go on, and a terminal that is gone is noticed."""
        if self.terminal_is_gone:
            self.leave("leave")
        else:
            self._want_turn()

    def _want_turn(self) -> None:
        """Draw soon, but not more often than the rate."""
        if not self._due:
            self._due = True
            wait = self._rate - (time.monotonic() - self._turned)
            self.set_timer(max(0.001, wait), self._turn_if_heard)

    def _turn_if_heard(self) -> None:
        self._due = False
        if self.is_behind:
            self.draw_later()
        else:
            self.turn()

    def catch_up(self) -> None:
        self._want_turn()

    def turn(self) -> None:
        """Draw the newest state."""
        self._turned = time.monotonic()
        self.view.turn()
        self._send(self._notices.due(self.view.state, self.view.verdict, self.view.total))
        if self.screen_stack and isinstance(self.screen, BaseScreen):
            if self.screen.view is not self.view:
                self.screen.view.turn()
            self.screen.turn()
            self._keep_company(self.screen)

    def _keep_company(self, screen: BaseScreen) -> None:
        """Tell what was decided about the keys, and ask about whoever asks for them, once each."""
        company = self.feed.company
        if company.told != self._company.told and company.told:
            screen.footer.say(company.told, "run")
        if company.asking != self._company.asking and company.asking:
            if screen.footer.takes_keys:
                return  # it is asked again at the next turn
            screen.ask_to_hand_over(company.asking)
        self._company = company

    async def on_event(self, event: events.Event) -> None:
        """An open question or search takes keys before anything else does."""
        screen = self.screen if self.screen_stack else None
        if isinstance(screen, BaseScreen) and not event.is_forwarded:
            if isinstance(event, events.Key) and screen.takes(event):
                return
            if isinstance(event, events.Paste) and screen.footer.takes_keys:
                screen.footer.paste(event.text)
                return
        if isinstance(event, events.Resize):
            event = self.as_it_is_now(event)
            self.forget_terminal()
        await super().on_event(event)

    def _send(self, text: str) -> None:
        """To the terminal as it is; of no effect on what is drawn."""
        if text and self._driver is not None:
            self._driver.write(text)

    # What screens ask for

    @property
    def _looked_at(self) -> View:
        """The run's, or that of an earlier iteration whose board is open."""
        return self.screen.view if isinstance(self.screen, BaseScreen) else self.view

    @property
    def can_stream(self) -> bool:
        return self._lines is not None

    def mouse(self) -> None:
        """On, for this viewer; and off again."""
        self._has_mouse = not self._has_mouse
        self.set_mouse(self._has_mouse)
        if isinstance(self.screen, BaseScreen):
            said = "the mouse is on: click, wheel; shift and drag selects text; M turns it off"
            self.screen.footer.say(said if self._has_mouse else "the mouse is the terminal's again")

    def leave(self, decision: Decision) -> None:
        self.decision = decision
        self._send(self._notices.end())
        self.exit()

    def repaint(self) -> None:
        """All of the screen again, whatever the terminal shows now."""
        self.forget_terminal()
        self.screen.refresh()

    def palette(self, commands: Sequence[Keyed]) -> None:
        from tui.screens.palette import PaletteScreen

        self.push_screen(PaletteScreen(self._looked_at, commands))

    def press(self, key: events.Key) -> None:
        """As if it had been pressed, once what is under way is done."""
        self.post_message(key)

    def help(self, of: str, keys: Sequence[Keyed], actions: Sequence[Keyed]) -> None:
        from tui.screens.help import HelpScreen

        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(self._looked_at, of, tuple(keys), tuple(actions)))

    def failure(self, test: int) -> None:
        from tui.screens.failure import FailureScreen

        self.push_screen(FailureScreen(self._looked_at, test))

    def output(self, number: int) -> None:
        from tui.screens.output import OutputScreen

        if isinstance(self.screen, OutputScreen):
            self.screen.show(number)
        else:
            self.push_screen(OutputScreen(self._looked_at, number))

    def edit(self, path: str, line: int) -> str:
        """Open a file of the project in the user's editor; why not, or nothing."""
        from tui import launch

        root = Path(self.feed.state.root)
        if not (root / path).is_file():
            return f"{root / path} is not on this machine"
        command = editor_command(os.environ, root / path, line)
        if command is None:
            return "no editor is named: set EDITOR (or VISUAL)"
        try:
            with self.suspend():
                launch.edit(command, root)
        except SuspendNotSupported:
            return "this terminal can't be handed to an editor"
        except StagewatchError as error:
            return str(error)
        finally:
            self.repaint()
        return ""

    def copy(self, text: str) -> str:
        """To the terminal's clipboard (OSC 52, which not every terminal takes), and to a file; which one."""
        self.copy_to_clipboard(text)
        path = places.state_folder() / "copied.txt"
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_document(str(path), text.encode("utf-8", "backslashreplace") + b"\n")
        except (OSError, StagewatchError):
            return "nowhere else"
        return str(path)

    def iterations(self) -> None:
        from tui.screens.iterations import IterationsScreen

        self.push_screen(IterationsScreen(self._looked_at))

    def iteration(self, state: RunState) -> None:
        """Its board as it was recorded, above the one that is watched."""
        view = View(RecordedFeed(state, self.feed.archive), self.view.ink, self.view.glyphs, self.view.clock)
        self.push_screen(BoardScreen(view, nested=True))

    def tier(self, id: str) -> None:
        from tui.screens.tier import TierScreen

        self.push_screen(TierScreen(self._looked_at, id))

    def report(self) -> None:
        from tui.screens.report import ReportScreen

        self.push_screen(ReportScreen(self._looked_at))

    def away(self) -> None:
        self.run_worker(self._tell_what_happened(quietly=False), exclusive=False)

    async def _tell_what_happened(self, *, quietly: bool) -> None:
        """Since this user's last look; ``quietly``: say nothing where that is nothing."""
        from tui.screens.away import AwayScreen

        since, state, found = self._since, self.feed.state, list[Happening]()
        if since is not None and (since.iteration, since.seq) != (state.iteration, state.seq):
            with suppress(StagewatchError):  # what can't be read back can't be compared with
                before = await self.feed.archive.iteration(since.iteration, since.seq)
                found = happenings(before, self.feed.state, self.view.clock())
        if since is not None and found:
            self.push_screen(AwayScreen(self.view, found, since.at))
        elif not quietly and isinstance(self.screen, BaseScreen):
            known = "nothing has happened since you last looked" if since else "this is the first time that you look"
            self.screen.footer.say(known)

    def on_app_blur(self) -> None:
        """The terminal's window loses the focus: what was drawn until now has been seen."""
        self._blurred = Look(self.feed.state.iteration, self.feed.state.seq, self.view.clock())

    def on_app_focus(self) -> None:
        """Whoever comes back after a while is told what happened; where the terminal tells of that."""
        left, self._blurred = self._blurred, None
        if left is not None and self.view.clock() - left.at >= AWAY and isinstance(self.screen, BoardScreen):
            self._since = left
            self.run_worker(self._tell_what_happened(quietly=True), exclusive=False)

    def stream(self) -> None:
        from tui.screens.stream import StreamScreen

        if isinstance(self.screen, StreamScreen):
            self.pop_screen()
        elif self._lines is not None:
            self.push_screen(StreamScreen(self.view, self._said))
