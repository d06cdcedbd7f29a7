"""A screen of one document, in which ``/`` finds as you type, and ``n`` and ``N`` go from hit to hit."""

from __future__ import annotations

from typing import ClassVar, Protocol

from textual import events, on
from textual.binding import Binding, BindingType

from tui.screens.base import BaseScreen
from tui.widgets.document import Document
from tui.widgets.footer.footer import Footer, Key

HINT = "enter keeps it, then n N  esc clears"


class Searched(Protocol):
    def action_search(self) -> None: ...


def opens_search(screen: Searched, key: events.Key) -> bool:
    """At once, not by way of the focused panel's queue: what was typed behind it, on a slow line in the same packet,
    is the search's and no command."""
    if key.key != "slash":
        return False
    screen.action_search()
    return True


class SearchingScreen(BaseScreen):
    """Subclasses say which document ``searched`` is. Escape ends a search before it does anything else."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("slash", "search", show=False)]

    @property
    def searched(self) -> Document:
        raise NotImplementedError

    def takes(self, key: events.Key) -> bool:
        return super().takes(key) or opens_search(self, key)

    def action_search(self) -> None:
        self.footer.type(self.searched.needle, HINT)

    @on(Footer.Typed)
    def _typed(self, message: Footer.Typed) -> None:
        self.searched.find("" if message.dropped else message.text)
        if message.done and message.text:
            self._tell()
        self.turn()

    def action_hit(self, by: int) -> None:
        if not self.searched.needle:
            self.footer.say("/ finds a text here; n and N go from one hit to the next")
            return
        self.searched.go_to_hit(by)
        self._tell()

    def _tell(self) -> None:
        document = self.searched
        if not document.hits:
            self.footer.say(f"{document.needle} is not here", "warn")
        else:
            self.footer.say(f"{document.hit + 1} of {len(document.hits)} rows with {document.needle}; esc clears")

    def end_search(self) -> bool:
        """Whether there was one."""
        there = bool(self.searched.needle)
        self.searched.find("")
        self.footer.hush()
        self.turn()
        return there

    def offered_search(self) -> tuple[Key, ...]:
        if self.is_mounted and self.searched.needle:
            return (Key("n N", "next, previous hit"), Key("esc", "clear"))
        return (Key("/", "find", 6),)
