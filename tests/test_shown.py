"""Text that is data is seen, and never obeyed."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui import shown


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("tests/x.py::test_a[b-1]", "tests/x.py::test_a[b-1]"),
        ("two\nlines\r\n", r"two\nlines\r\n"),
        ("\x1b[31mred\x1b]52;c;AAAA\x07", r"\x1b[31mred\x1b]52;c;AAAA\x07"),
        ("\x9b31m", r"\x9b31m"),
        ("evil\u202etxt.exe", r"evil\u202etxt.exe"),
        ("zero\u200bwidth\ufeff", r"zero\u200bwidth\ufeff"),
        ("tag\U000e0041", r"tag\U000e0041"),
        ("lone \ud800", r"lone \ud800"),
        ("Zürich 東京　駅 🚀", "Zürich 東京　駅 🚀"),
        ("❤\ufe0f", r"❤\ufe0f"),
        ("blank\u3164\u2800", r"blank\u3164\u2800"),
        ("[bold]not markup[/]", "[bold]not markup[/]"),
    ],
)
def test_what_can_not_be_seen_is_spelled_out(text: str, seen: str) -> None:
    assert shown.line(text) == seen


@given(st.text(st.characters()) | st.text(st.characters(categories=["Cc", "Cf", "Cs", "Zl", "Zp", "Cn"])))
def test_a_line_is_one_line_without_anything_a_terminal_obeys(text: str) -> None:
    seen = shown.line(text)
    assert not {unicodedata.category(c) for c in seen} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert shown.line(seen) == seen


@given(st.text(st.characters()))
def test_a_block_has_the_lines_of_the_text(text: str) -> None:
    assert len(shown.block(text)) == text.count("\n") + 1


def test_tabs_in_a_block_are_blanks() -> None:
    assert shown.block("a\tb\n\x1b[2J") == ["a       b", r"\x1b[2J"]
