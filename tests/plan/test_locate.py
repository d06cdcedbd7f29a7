"""The line of every key in a TOML text: checked against what tomllib reads and a writer that counts."""

from __future__ import annotations

import json
import tomllib
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.plan.locate import Lines, Place


def _lines(text: str) -> Lines:
    return Lines(dedent(text).lstrip("\n"))


def test_tables_keys_and_arrays_of_tables() -> None:
    lines = _lines("""
        title = 1
        [target]            # line 2
        name = "staging"

        [[suite]]
        id = "a"
        [suite.env]
        LANG = "C"
        [[suite]]
        id = "b"
    """)
    assert lines.known() == {
        ("title",): 1,
        ("target",): 2,
        ("target", "name"): 3,
        ("suite",): 5,
        ("suite", 0): 5,
        ("suite", 0, "id"): 6,
        ("suite", 0, "env"): 7,
        ("suite", 0, "env", "LANG"): 8,
        ("suite", 1): 9,
        ("suite", 1, "id"): 10,
    }


def test_quoted_and_dotted_keys() -> None:
    lines = _lines(r"""
        "a b".'c.d' . e = 1
        [tool."stage\u0077atch"]
        x.y = 2
    """)
    assert lines.of(("a b", "c.d", "e")) == 1
    assert lines.of(("tool", "stagewatch", "x", "y")) == 3


def test_inline_tables_and_arrays_over_several_lines() -> None:
    lines = _lines("""
        paths = [
          "a",   # ] not the end
          # a comment with "quotes
          "b]", { deep = [1,
            2] },
        ]
        gate = { pass_rate = 1.0, 'least' = 2, more.of = { it = "}" } }
        after = 1
    """)
    assert [lines.of(("paths", index)) for index in range(3)] == [2, 4, 4]
    assert lines.of(("paths", 2, "deep", 1)) == 5
    assert lines.of(("gate", "more", "of", "it")) == 7
    assert lines.of(("after",)) == 8


def test_strings_that_look_like_structure() -> None:
    lines = _lines('''
        a = """
        [not.a.table]
        b = 1
        \\""" still inside
        ends with two quotes"""""
        c = \'\'\'
        [[neither]]\'\'\'
        d = "# no comment \\" ["
        e = '\\'
        f = 1979-05-27 07:32:00 # a date with a space
        g = 1
    ''')
    assert lines.known() == {("a",): 1, ("c",): 6, ("d",): 8, ("e",): 9, ("f",): 10, ("g",): 11}


def test_windows_line_ends() -> None:
    assert Lines("[a]\r\n\r\nb = [\r\n1,\r\n2]\r\nc = 1\r\n").of(("a", "c")) == 6


def test_what_is_not_there_has_the_line_of_what_is_around_it() -> None:
    lines = _lines("""
        # nothing here
        [[tier]]
        id = "P1"
        gate = { least = 1 }
    """)
    assert lines.of(("tier", 0, "title")) == 2
    assert lines.of(("tier", 0, "gate", "flaky")) == 4
    assert lines.of(("suite", 0)) == 1
    assert lines.of(()) == 1


def test_a_table_named_again_keeps_its_first_line() -> None:
    assert _lines("[a.b]\n[a]\nc = 1\n").of(("a",)) == 1


def test_after_something_it_cannot_follow_it_goes_on_with_the_next_line() -> None:
    lines = _lines("""
        a = 1
        = 2
        [b
        c = 3
    """)
    assert lines.of(("a",)) == 1
    assert lines.of(("c",)) == 4


@pytest.mark.parametrize("opening", ["[", "{a=", "a.", '"', "'''", '"""', "[[", "\\", "a=[" * 9])
def test_it_never_raises_however_deep(opening: str) -> None:
    assert Lines(opening * 20_000).of(("a", 0, "b")) >= 1


@given(st.text(alphabet=st.sampled_from(list("[]{}=.,#\"'\\ \t\r\nab1é\0")), max_size=120))
def test_it_never_raises_on_any_text(text: str) -> None:
    assert 1 <= Lines(text).of(("a", 0)) <= text.count("\n") + 1


_KEYS = st.text(alphabet=st.sampled_from(list("ab.-_ é\"'#=[]{}\n\\")), max_size=4)
_SCALARS = st.one_of(
    st.integers(-99, 99),
    st.booleans(),
    st.text(alphabet=st.sampled_from(list("ab\"'#=[]{},\n\\ é")), max_size=8),
    st.dates(),
    st.datetimes(),
)
_VALUES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3), max_leaves=6
)
_TABLES = st.dictionaries(_KEYS, _VALUES, max_size=3)


class _Writer:
    """Writes TOML in as many ways as the drawn choices allow, and remembers the line of every place."""

    def __init__(self, draw: Any) -> None:
        self._draw = draw
        self.text = ""
        self.lines: dict[Place, int] = {}

    def document(self, top: dict[str, Any], tables: dict[str, Any], arrays: dict[str, Any]) -> None:
        for key, value in top.items():
            self._pair((), key, value)
        for name, table in tables.items():
            self._blank()
            self._mark((name,))
            self._add(f"[{self._key(name)}]{self._end()}")
            for key, value in table.items():
                self._pair((name,), key, value)
        for name, array in arrays.items():
            for index, table in enumerate(array):
                self._blank()
                self._mark((name,))
                self._mark((name, index))
                self._add(f"[[ {self._key(name)} ]]{self._end()}")
                for key, value in table.items():
                    self._pair((name, index), key, value)

    def _pair(self, table: Place, key: str, value: object) -> None:
        self._blank()
        self._mark((*table, key))
        self._add(f"{self._key(key)} = ")
        self._value((*table, key), value, inline=False)
        self._add(self._end())

    def _value(self, place: Place, value: object, *, inline: bool) -> None:
        if isinstance(value, dict):
            self._add("{")
            for number, (key, each) in enumerate(value.items()):
                self._add(", " if number else " ")
                self._mark((*place, key))
                self._add(f"{self._key(key)}= ")
                self._value((*place, key), each, inline=True)
            self._add("}")
        elif isinstance(value, list):
            self._add("[")
            for index, each in enumerate(value):
                self._blank(" # ]\n" if self._draw(st.booleans()) else "")
                self._mark((*place, index))
                self._value((*place, index), each, inline=inline)
                self._add(",")
            self._blank()
            self._add("]")
        elif isinstance(value, bool):
            self._add(str(value).lower())
        elif isinstance(value, str):
            self._add(self._string(value))
        elif isinstance(value, int):
            self._add(str(value))
        else:
            self._add(value.isoformat())  # type: ignore[attr-defined]

    def _string(self, value: str) -> str:
        styles = ["basic", "long"]
        if "'" not in value:
            styles.append("long literal")
            if "\n" not in value:
                styles.append("literal")
        match self._draw(st.sampled_from(styles)):
            case "literal":
                return f"'{value}'"
            case "long literal":
                return f"'''\n{value}'''"
            case "long":
                return '"""\n' + value.replace("\\", "\\\\").replace('"', '\\"') + '"""'
            case _:
                return json.dumps(value)

    def _key(self, key: str) -> str:
        if key and all(c.isascii() and (c.isalnum() or c in "-_") for c in key) and self._draw(st.booleans()):
            return key
        if "'" not in key and "\n" not in key and self._draw(st.booleans()):
            return f"'{key}'"
        return json.dumps(key)

    def _end(self) -> str:
        return self._draw(st.sampled_from(["\n", " # [x]\n", "\r\n", "\n\n"]))

    def _blank(self, blank: str | None = None) -> None:
        self._add(self._draw(st.sampled_from(["", "\n", "  "])) if blank is None else blank)

    def _mark(self, place: Place) -> None:
        self.lines.setdefault(place, self.text.count("\n") + 1)

    def _add(self, text: str) -> None:
        self.text += text


@settings(max_examples=200, deadline=None)
@given(
    st.data(),
    _TABLES,
    st.dictionaries(_KEYS, _TABLES, max_size=2),
    st.dictionaries(_KEYS, st.lists(_TABLES, min_size=1, max_size=3), max_size=2),
)
def test_every_key_of_any_document_has_its_line(
    data: st.DataObject, top: dict[str, Any], tables: dict[str, Any], arrays: dict[str, Any]
) -> None:
    tables = {key: value for key, value in tables.items() if key not in top}
    arrays = {key: value for key, value in arrays.items() if key not in top and key not in tables}
    writer = _Writer(data.draw)
    writer.document(top, tables, arrays)
    assert tomllib.loads(writer.text) == {**top, **tables, **arrays}, "the writer of this test is wrong"
    assert Lines(writer.text).known() == writer.lines
