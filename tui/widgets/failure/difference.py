"""What was expected beside what was got: pytest's marked lines of a comparison, put into two columns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from tui import shown
from tui.widgets.document import Piece, Row, wrapped

NARROWEST = 82
"""Columns from which the two stand side by side: forty for each, and two between them."""

Pair = tuple[str, str]


def difference(lines: Sequence[str]) -> tuple[list[str], list[Pair]] | None:
    """What a comparison says besides, and its difference as (expected, got), equal lines in both; None: there is none.

    ``lines``: the first at no indentation, pytest's explanation below it by two blanks. It marks what was expected with
    ``-``, what was got with ``+``, and where they differ with ``?`` (since pytest 5.4).
    """
    lines = [line.removeprefix("  ") for line in lines]
    marked = [number for number, line in enumerate(lines) if _mark(line) in ("-", "+")]
    if {_mark(lines[number]) for number in marked} != {"-", "+"}:
        return None
    first, last = marked[0], marked[-1]
    while first and _mark(lines[first - 1]) == " ":
        first -= 1
    while last + 1 < len(lines) and _mark(lines[last + 1]) in (" ", "?"):
        last += 1
    compared = [line for line in lines[first : last + 1] if _mark(line) != "?"]
    said = [line for line in (*lines[:first], *lines[last + 1 :]) if not line.startswith("Full diff:")]
    return said, list(_paired(compared))


def _mark(line: str) -> str:
    """``-``, ``+``, ``?``; a blank for a line that both have; nothing for any other."""
    if explains(line):
        return ""
    if line[:1] in ("-", "+", "?") and line[1:2] in ("", " "):
        return line[0]
    return " " if line.startswith("  ") else ""


def explains(line: str) -> bool:
    """Whether it says what a part of an assertion was, not what differs: ``+  where 3 = len(x)``."""
    return _EXPLAINS.match(line) is not None


_EXPLAINS = re.compile(r"\s*\+\s+(?:where|and) ")


def _paired(lines: list[str]) -> Iterator[Pair]:
    expected: list[str] = []
    got: list[str] = []
    for line in [*lines, ""]:
        match _mark(line):
            case "-":
                expected.append(line[2:])
            case "+":
                got.append(line[2:])
            case _:
                yield from zip_longest(expected, got, fillvalue="")
                expected, got = [], []
                if line:
                    yield line[2:], line[2:]


def difference_rows(compared: list[Pair], width: int) -> list[Row]:
    """Two columns of a document's ``width``, under their names."""
    half = (width - 2) // 2
    rows = [Row((Piece(0, "expected", "muted"), Piece(half + 2, "got", "muted")))]
    for expected, got in compared:
        same = expected == got
        left, right = _column(expected, half), _column(got, half)
        for one, other in zip_longest(left, right, fillvalue=""):
            pieces = (
                Piece(0, one, "muted" if same else "bad"),
                Piece(half + 2, other, "muted" if same else "good"),
            )
            rows.append(Row(tuple(piece for piece in pieces if piece.text)))
    return rows


def _column(text: str, width: int) -> list[str]:
    return [part for line in shown.block(text) for part in wrapped(line, width)]
