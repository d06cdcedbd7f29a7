"""How a mistake in a plan is answered: one sentence with file, line, key, what was expected and what was found."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from tui.errors import StagewatchError
from tui.plan.locate import Lines, Place
from tui.plan.values import quoted


class Document:
    """A plan's text, for saying where in it a mistake is.

    ``top``: where in the file the plan's keys begin. ``written``: where in it a table of a plan that
    extends another is written.
    """

    def __init__(self, path: Path, text: str, top: Place = (), written: Mapping[Place, Place] | None = None) -> None:
        self._name = display_name(path)
        self._text = text
        self._top = top
        self._written = written or {}
        self._lines: Lines | None = None

    def line(self, place: Place) -> int:
        if self._lines is None:
            self._lines = Lines(self._text)
        place = self._written.get(place[:2], place[:2]) + place[2:]
        return self._lines.of(self._top + place)

    def mistake(self, place: Place, sentence: str) -> StagewatchError:
        return StagewatchError(f"{self._name}:{self.line(place)}: {sentence}")


def display_name(path: Path) -> str:
    """A path as a person would write it from here, safe to print whatever bytes it is made of."""
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would name another file than the one asked for
    name = str(absolute.relative_to(Path.cwd()) if absolute.is_relative_to(Path.cwd()) else path)
    return quoted(name)[1:-1]


def nearest(word: str, known: Iterable[str]) -> str:
    """The end of a sentence that helps with an unknown word: the nearest known one, or all of them."""
    known = list(known)
    by_folded = {each.casefold(): each for each in reversed(known)}
    close = difflib.get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.6)
    if close:
        return f"did you mean {quoted(by_folded[close[0]])}?"
    if not known:
        return "there is none"
    names = ", ".join(quoted(each) for each in known[:12])
    return f"known {'is' if len(known) == 1 else 'are'} {names}{' and others' if len(known) > 12 else ''}"
