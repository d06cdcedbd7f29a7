"""A panel with a cursor: it stays on its item and on its row whatever comes in.

While somebody is in a list its order stands still; items that come later are put at its end, items
that leave keep their row. When nobody is in it, it has no cursor and follows the run's own order.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from textual.binding import Binding, BindingType
from textual.events import Click
from textual.message import Message

from tui.widgets.panel import Panel
from tui.widgets.view import View

Item = TypeVar("Item", bound=Hashable)


class Listing(Panel, Generic[Item], can_focus=True):
    """Subclasses say what the items are."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", show=False),
        Binding("up,k", "move(-1)", show=False),
        Binding("pagedown,ctrl+d", "page(1)", show=False),
        Binding("pageup,ctrl+u", "page(-1)", show=False),
        Binding("home,g", "end(0)", show=False),
        Binding("end,G", "end(1)", show=False),
        Binding("enter", "open", show=False),
    ]

    class Chosen(Message):
        """The cursor moved onto another item."""

        def __init__(self, listing: Listing[Any]) -> None:
            super().__init__()
            self.listing = listing

    class Opened(Message):
        """Enter on an item."""

        def __init__(self, listing: Listing[Any]) -> None:
            super().__init__()
            self.listing = listing

    def __init__(self, view: View, id: str) -> None:
        super().__init__(view, id)
        self.order: Sequence[Item] = []
        self.cursor: Item | None = None
        self.top = 0
        self._seen: Sequence[Item] | None = None
        self._was_active = False

    def items(self) -> Sequence[Item]:
        """What the list holds, in the run's own order."""
        raise NotImplementedError

    def room(self) -> int:
        """How many items fit."""
        return max(1, self.size.height)

    def lead(self) -> int:
        """Rows above the first item."""
        return 1

    @property
    def step(self) -> int:
        """Rows that an item takes."""
        return 1

    def settle(self) -> None:
        """Bring order and cursor up to date, as far as that moves nothing under the user's eyes."""
        now = self.items()
        entered = self.active and not self._was_active
        if now is self._seen and self.active == self._was_active:
            return
        self._seen, self._was_active = now, self.active
        if not self.active or entered:
            self.order = now
        elif now is not self.order:
            known = set(self.order)
            later = [item for item in now if item not in known]
            if later:
                self.order = [*self.order, *later]
        self.top = max(0, min(self.top, len(self.order) - self.room()))
        if self.active and self.cursor not in self.order:
            self.cursor = self.order[self.top] if self.order else None
        if entered:
            self.show_cursor()

    def begin_again(self) -> None:
        """Another list altogether: the cursor goes to its first item."""
        self._seen, self.order, self.cursor, self.top = None, [], None, 0
        now = self.items()
        self.order, self.cursor = now, now[0] if now else None

    def turn(self) -> None:
        self.settle()
        super().turn()

    @property
    def index(self) -> int:
        """Where the cursor is in the order; -1 when it is nowhere."""
        if self.cursor is None:
            return -1
        try:
            return self.order.index(self.cursor)
        except ValueError:
            return -1

    def show_cursor(self) -> None:
        index, room = self.index, self.room()
        if index < 0:
            self.top = 0
        elif index < self.top:
            self.top = index
        elif index >= self.top + room:
            self.top = index - room + 1

    def move_to(self, index: int) -> None:
        """Put the cursor on the item at a place, and bring it into sight."""
        if not self.order:
            return
        self.cursor = self.order[max(0, min(index, len(self.order) - 1))]
        self.show_cursor()
        self.turn()
        self.post_message(self.Chosen(self))

    def action_move(self, by: int) -> None:
        self.move_to(self.index + by)

    def action_page(self, by: int) -> None:
        self.move_to(self.index + by * max(1, self.room() - 1))

    def action_end(self, last: int) -> None:
        self.move_to(len(self.order) - 1 if last else 0)

    def action_open(self) -> None:
        self.post_message(self.Opened(self))

    def on_click(self, event: Click) -> None:
        """The row under it; twice: open it."""
        self.view.active = self.id or ""
        self.focus()
        self.settle()
        at = self.top + (event.y - self.lead()) // self.step
        if event.y >= self.lead() and at < len(self.order):
            self.move_to(at)
            if event.chain == 2:
                self.action_open()

    def on_mouse_scroll_down(self) -> None:
        self.action_move(3)

    def on_mouse_scroll_up(self) -> None:
        self.action_move(-3)

    def on_resize(self) -> None:
        self.show_cursor()
        self.turn()

    def span(self) -> str:
        """``1-14 of 25`` when not all is in sight."""
        room = self.room()
        if len(self.order) <= room:
            return ""
        return f"{self.top + 1}-{min(self.top + room, len(self.order))} of {len(self.order)}"
