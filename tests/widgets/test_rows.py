"""Texts in cells: escaped, measured, cut, put at columns."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.state import Status, Tally
from tui.widgets.bar import Parts, parts, put_bar, share
from tui.widgets.ink import Ink
from tui.widgets.line import Line, fit
from tui.widgets.marks import glyphs

UNICODE, ASCII = glyphs(False), glyphs(True, True)


def text_of(line: Line) -> str:
    return "".join(segment.text for segment in line.strip())


@pytest.mark.parametrize(
    ("text", "width", "cut", "shown"),
    [
        ("short", 10, "end", "short"),
        ("a sentence that is long", 10, "end", "a sentenc…"),
        ("tests/ws/test_x.py::token[eu]", 15, "middle", "tests…token[eu]"),
        ("日本語テスト", 5, "end", "日本…"),
        ("a\nb", 10, "end", "a\\nb"),
        ("\x1b[31m", 10, "end", "\\x1b[31m"),
        ("anything", 0, "end", ""),
    ],
)
def test_fit(text: str, width: int, cut: str, shown: str) -> None:
    assert fit(text, width, UNICODE, cut) == shown  # type: ignore[arg-type]  # a Cut


@given(st.text(max_size=300), st.integers(0, 40), st.sampled_from(["end", "middle"]))
def test_nothing_is_wider_than_its_room_or_unprintable(text: str, width: int, cut: str) -> None:
    for set_ in (UNICODE, ASCII):
        shown = fit(text, width, set_, cut)  # type: ignore[arg-type]  # a Cut
        assert cell_len(shown) <= width
        assert shown.isprintable()
    assert fit(text, width, ASCII).isascii()


@given(st.lists(st.tuples(st.integers(0, 50), st.text(max_size=60)), max_size=6), st.integers(1, 60))
def test_a_line_is_as_wide_as_it_was_made(puts: list[tuple[int, str]], width: int) -> None:
    line = Line(Ink(), UNICODE, width, "sel", (1, width - 1))
    for x, text in puts:
        line.put(x, text)
    strip = line.strip()
    assert sum(cell_len(segment.text) for segment in strip) == width


def test_texts_stand_at_their_columns() -> None:
    line = Line(Ink(), UNICODE, 20)
    line.put(2, "ab")
    line.put(3, "cd")
    line.put(12, "9", width=5, right=True)
    assert text_of(line) == "  abcd          9   "


def test_neighbours_of_one_style_are_one_segment() -> None:
    line = Line(Ink(), UNICODE, 10)
    line.put(0, "a")
    line.put(1, "b")
    assert len(list(line.strip())) == 1


@given(st.lists(st.integers(0, 100_000), min_size=1, max_size=5), st.integers(5, 160))
def test_every_part_that_is_not_zero_has_a_cell_and_all_make_the_width(amounts: list[int], width: int) -> None:
    cells = share(amounts, width)
    assert all(bool(cell) == bool(amount) for cell, amount in zip(cells, amounts, strict=True))
    assert sum(cells) == (width if any(amounts) else 0)


def test_failures_come_first_and_what_is_left_last() -> None:
    line = Line(Ink(), UNICODE, 20)
    put_bar(line, 0, 20, Parts(2, 10, 2, 2, 4))
    assert text_of(line) == "▇▇━━━━━━━━━━╍╍▪▪────"


def test_a_failing_test_that_runs_again_is_still_failing() -> None:
    statuses: dict[Status, int] = {"running": 1, "waiting": 1, "passed": 1}
    tally = Tally(total=3, ran=3, statuses=statuses, outcomes={"failed": 2, "passed": 1}, mending=2)
    assert parts(tally) == Parts(failing=2, passed=1, skipped=0, running=0, left=0)
