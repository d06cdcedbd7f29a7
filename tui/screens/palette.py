"""Everything that the keys of a screen do, found by its words as one types; enter does it there."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events, on
from textual.app import ComposeResult

from tui.screens.base import BaseScreen
from tui.screens.keys import Keyed, pressed
from tui.screens.slim import slim
from tui.widgets.commands import Commands
from tui.widgets.footer.footer import Footer, Key
from tui.widgets.grid import Grid
from tui.widgets.head.head import Head
from tui.widgets.listing import Listing
from tui.widgets.view import View

_MOVES: dict[str, tuple[str, int]] = {
    "down": ("move", 1), "tab": ("move", 1), "ctrl+n": ("move", 1), "up": ("move", -1), "shift+tab": ("move", -1),
    "ctrl+p": ("move", -1), "pagedown": ("page", 1), "pageup": ("page", -1),
}  # fmt: skip


_HINT = "enter does it  esc back"


class PaletteScreen(BaseScreen):
    """Typing never ends: arrows move meanwhile, enter and escape close it."""

    NAME = "commands"

    def __init__(self, view: View, commands: Sequence[Keyed]) -> None:
        super().__init__(view)
        self._commands = Commands(view, "document", commands)
        self.footer.type("", _HINT, ":")

    def compose(self) -> ComposeResult:
        yield Head(self.view, "head")
        yield self._commands
        yield self.footer

    def on_mount(self) -> None:
        self.set_focus(self._commands)

    def arranged(self, width: int, height: int) -> Grid:
        return slim(width, height, progress=False)

    def offered(self) -> tuple[Key, ...]:
        return ()

    def takes(self, key: events.Key) -> bool:
        if key.key not in _MOVES:
            return super().takes(key)
        name, by = _MOVES[key.key]
        (self._commands.action_move if name == "move" else self._commands.action_page)(by)
        return True

    @on(Footer.Typed)
    def _typed(self, message: Footer.Typed) -> None:
        if message.dropped or message.done:
            self._close(self._commands.chosen if message.done else None)
        else:
            self._commands.find(message.text)
            self.turn()

    @on(Listing.Opened)
    def _opened(self) -> None:
        self._close(self._commands.chosen)

    def _close(self, chosen: Keyed | None) -> None:
        self.dismiss()
        if chosen is not None and (key := pressed(chosen[0])) is not None:
            self.board.press(key)
