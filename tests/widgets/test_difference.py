"""Pytest's marked lines in two columns; nothing of them is lost, and nothing else is taken for them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui.widgets.failure.difference import difference, difference_rows

DICTS = """\
AssertionError: assert {'tax': 3.8, 'total': 19.99} == {'tax': 3.8, 'total': 20.0}
  
  Differing items:
  {'total': 19.99} != {'total': 20.0}
  
  Full diff: (-: missing in left side, +: extra in left side)
    {
        'tax': 3.8,
  -     'total': 20.0,
  ?              ^^ ^
  +     'total': 19.99,
  ?              ^^ ^^
    }""".splitlines()  # noqa: W293


def test_what_was_expected_stands_beside_what_was_got() -> None:
    found = difference(DICTS)
    assert found is not None
    said, pairs = found
    assert pairs == [
        ("{", "{"),
        ("    'tax': 3.8,", "    'tax': 3.8,"),
        ("    'total': 20.0,", "    'total': 19.99,"),
        ("}", "}"),
    ]
    assert said[0] == DICTS[0] and "Differing items:" in said and not any(line.startswith("Full diff") for line in said)
    first, *rest = difference_rows(pairs, 100)
    assert [piece.text for piece in first.pieces] == ["expected", "got"]
    changed = rest[2].pieces
    assert [(piece.text.strip(), piece.role) for piece in changed] == [
        ("'total': 20.0,", "bad"),
        ("'total': 19.99,", "good"),
    ]


def test_texts_of_several_lines() -> None:
    lines = ["AssertionError: assert 'a\\nb' == 'a\\nc'", "  ", "    a", "  - c", "  + b", "    z"]
    found = difference(lines)
    assert found is not None and found[1] == [("a", "a"), ("c", "b"), ("z", "z")]


def test_what_is_only_missing_or_only_explained_is_no_difference() -> None:
    assert difference(["assert 3 == 4", "   +  where 3 = len('abc')"]) is None
    assert difference(["AssertionError: nothing compared"]) is None
    assert difference([]) is None
    assert difference(["assert a == b", "  - only expected"]) is None


def test_more_lines_on_one_side_leave_blanks_on_the_other() -> None:
    found = difference(["E", "  - one", "  - two", "  + three"])
    assert found is not None and found[1] == [("one", "three"), ("two", "")]


@given(st.lists(st.tuples(st.sampled_from("-+? "), st.text("ab ", max_size=6)), max_size=12))
def test_no_line_of_either_side_is_lost(marked: list[tuple[str, str]]) -> None:
    lines = ["assert x == y", *(f"  {mark} {text}" for mark, text in marked)]
    found = difference(lines)
    if found is None:
        return
    got = [line for _, line in found[1]]
    for mark, text in marked:
        if mark == "+" and not text.strip().startswith(("where", "and")):
            assert text in got
