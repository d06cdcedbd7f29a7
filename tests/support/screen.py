"""The text of the screen, as a person would copy it from the terminal."""

from __future__ import annotations

from typing import Any

from textual.app import App


def text_of(app: App[Any]) -> str:
    """All rows, without blanks at their ends."""
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)


def row_of(app: App[Any], words: str) -> str:
    """The first row with these words in it."""
    for row in text_of(app).splitlines():
        if words in row:
            return row
    raise AssertionError(f"{words!r} is not on the screen:\n{text_of(app)}")
