"""Keys as they are written for people, and as Textual names them."""

from __future__ import annotations

from collections.abc import Iterable

from textual import events

from tui.screens.framework import name_of_character

Keyed = tuple[str, str]
"""Keys that do the same (``z, esc``), or that belong together (``arrows, j k``), and what they do."""

EVERYWHERE: tuple[Keyed, ...] = (
    ("s", "the plain stream, and back"),
    ("o", "the output of the action that runs or ran last"),
    ("K", "who drives, who watches; ask for the keys, or hand them over to whoever asks"),
    ("T", "the panel alone on the whole screen, to select and copy from; T or esc goes back"),
    ("M", "the mouse: click, wheel; and the terminal's again"),
    (":, ctrl+p", "everything that keys do here, found by its words"),
    ("ctrl+l", "paint the whole screen again"),
    ("q", "leave; a run that is not done asks whether it goes on"),
    ("?", "all keys of a screen, and back"),
)
_NAMED = {"esc": "escape", "enter": "enter", "space": "space", "tab": "tab", "shift+tab": "shift+tab"}


def pressed(keys: str) -> events.Key | None:
    """The press of the first of some keys; None where they stand for a movement."""
    first = keys.split(", ")[0]
    if len(first) == 1:
        return events.Key(name_of_character(first), first)
    if first.startswith("ctrl+"):
        return events.Key(first, None)
    return events.Key(_NAMED[first], None) if first in _NAMED else None


def commands(keyed: Iterable[Keyed]) -> list[Keyed]:
    """Those that one press does."""
    return [one for one in keyed if pressed(one[0]) is not None]
