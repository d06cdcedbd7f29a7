"""Where in a TOML text each key is written, so that a mistake can be answered with its line.

``tomllib`` gives values without positions and the libraries that keep positions are forks without
upkeep, so the text is walked a second time here, and only for its structure: table headers, keys
and the brackets of values. It is asked only after a mistake was found. It never raises, on any
text: what it cannot follow has no entry, and ``Lines.of`` falls back to the table around it.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_left
from typing import TypeAlias

Place: TypeAlias = tuple[str | int, ...]
"""Keys and indexes from the top of the document: ``("suite", 1, "env", "LANG")``."""

_BLANK = re.compile(r"(?:[ \t\r\n]++|#[^\n]*+)*+")
_SPACE = re.compile(r"[ \t]*+")
_BARE_KEY = re.compile(r"[^\s=.\[\]{}#,\"']++")
_SHORT_STRING = re.compile(r""""(?:[^"\\\n]|\\.)*+"|'[^'\n]*+'""")
_LONG_STRING = re.compile(
    r'''"""(?:[^"\\]|\\.|"{1,2}(?!"))*+"{3,5}|'{3}(?:[^']|'{1,2}(?!'))*+'{3,5}''',
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]}\n#]++")
_DEEPEST = 100
"""Nesting of values that is followed; deeper ones get the line of what holds them."""


class Lines:
    """The lines (1-based) of the keys of one document."""

    def __init__(self, text: str) -> None:
        self._lines = _Walk(text).lines

    def of(self, place: Place) -> int:
        """The line of a place, or of the nearest thing around it that has one; at worst 1."""
        for end in range(len(place), 0, -1):
            line = self._lines.get(place[:end])
            if line is not None:
                return line
        return 1

    def known(self) -> dict[Place, int]:
        """Every place that was found."""
        return dict(self._lines)


class _Lost(Exception):
    """The text is not what was expected here: go on with the next line."""


class _Walk:
    def __init__(self, text: str) -> None:
        self.lines: dict[Place, int] = {}
        self._text = text
        self._at = 0
        self._newlines = [match.start() for match in re.finditer("\n", text)]
        self._last_index: dict[Place, int] = {}
        self._document()

    def _document(self) -> None:
        table: Place = ()
        while True:
            self._skip(_BLANK)
            if self._at >= len(self._text):
                return
            try:
                if self._peek("["):
                    table = self._header()
                else:
                    self._pair(table, 0)
            except _Lost:
                end = self._text.find("\n", self._at)
                self._at = len(self._text) if end < 0 else end + 1

    def _header(self) -> Place:
        line = self._line()
        is_array = self._peek("[[")
        self._at += 2 if is_array else 1
        parts = self._key()
        if not self._peek("]]" if is_array else "]"):
            raise _Lost
        self._at += 2 if is_array else 1
        table: Place = ()
        for part in parts[:-1]:
            table = self._within((*table, part))
            self.lines.setdefault(table, line)
        table = (*table, parts[-1])
        self.lines.setdefault(table, line)
        if is_array:
            index = self._last_index.get(table, -1) + 1
            self._last_index[table] = index
            table = (*table, index)
            self.lines.setdefault(table, line)
        return table

    def _within(self, place: Place) -> Place:
        """A header's parent: of an array of tables, the last one that was opened."""
        return (*place, self._last_index[place]) if place in self._last_index else place

    def _pair(self, table: Place, depth: int) -> None:
        line = self._line()
        place = table
        for part in self._key():
            place = (*place, part)
            self.lines.setdefault(place, line)
        if not self._peek("="):
            raise _Lost
        self._at += 1
        self._skip(_SPACE)
        self._value(place, depth)

    def _value(self, place: Place, depth: int) -> None:
        if depth > _DEEPEST:
            raise _Lost
        if self._peek("["):
            self._array(place, depth)
        elif self._peek("{"):
            self._inline_table(place, depth)
        elif self._peek('"""') or self._peek("'''"):
            self._take(_LONG_STRING)
        elif self._peek('"') or self._peek("'"):
            self._take(_SHORT_STRING)
        else:
            self._take(_SCALAR)

    def _array(self, place: Place, depth: int) -> None:
        self._at += 1
        index = 0
        while True:
            self._skip(_BLANK)
            if self._peek("]"):
                self._at += 1
                return
            element = (*place, index)
            self.lines.setdefault(element, self._line())
            self._value(element, depth + 1)
            index += 1
            self._skip(_BLANK)
            if self._peek(","):
                self._at += 1
            elif not self._peek("]"):
                raise _Lost

    def _inline_table(self, place: Place, depth: int) -> None:
        self._at += 1
        while True:
            self._skip(_BLANK)  # TOML 1.1 allows lines and comments in here, 1.0 has none
            if self._peek("}"):
                self._at += 1
                return
            self._pair(place, depth + 1)
            self._skip(_BLANK)
            if self._peek(","):
                self._at += 1
            elif not self._peek("}"):
                raise _Lost

    def _key(self) -> list[str]:
        parts = []
        while True:
            self._skip(_SPACE)
            if self._peek('"') or self._peek("'"):
                parts.append(_unquoted(self._take(_SHORT_STRING)))
            else:
                parts.append(self._take(_BARE_KEY))
            self._skip(_SPACE)
            if not self._peek("."):
                return parts
            self._at += 1

    def _peek(self, token: str) -> bool:
        return self._text.startswith(token, self._at)

    def _skip(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self._text, self._at)
        if match:
            self._at = match.end()

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._at)
        if not match:
            raise _Lost
        self._at = match.end()
        return match.group()

    def _line(self) -> int:
        return bisect_left(self._newlines, self._at) + 1


def _unquoted(key: str) -> str:
    try:
        return str(tomllib.loads(f"key = {key}")["key"])
    except tomllib.TOMLDecodeError:
        raise _Lost from None
