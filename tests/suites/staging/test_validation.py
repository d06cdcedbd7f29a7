"""Values are checked as their description says, and the description is a JSON Schema that says the same."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suites.staging.problems import Problem
from suites.staging.resources import parsed
from suites.staging.validation import Choice, Field, Flag, Invalid, Pairs, Several, Shape, Text, Whole, checked

SHAPE = Shape(
    {"name": Text(5, 2, pattern="[a-z]+")},
    {
        "count": Whole(1, 3),
        "on": Flag(),
        "role": Choice(("admin", "member")),
        "notes": Pairs(2, 3, 4),
        "tools": Several(Choice(("a", "b")), 2),
    },
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 5) | st.floats(allow_nan=False) | st.text("abcz1", max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=4), inner, max_size=3),
    max_leaves=6,
)


def accepts(field: Field, value: Any) -> bool:
    try:
        field.check(value)
    except Invalid:
        return False
    return True


@given(
    st.fixed_dictionaries(
        {"name": VALUES | st.just("abc")},
        optional=dict.fromkeys(("count", "on", "role", "notes", "tools", "other"), VALUES),
    )
)
def test_the_check_and_the_schema_agree(value: dict[str, Any]) -> None:
    # JSON Schema calls 1.0 an integer; the check does not take what was written as a fraction.
    if isinstance(value.get("count"), float):
        return
    schema = jsonschema.Draft202012Validator(SHAPE.schema())
    assert accepts(SHAPE, value) == schema.is_valid(value)


def test_everything_that_is_wrong_is_told_at_once_with_its_pointer() -> None:
    with pytest.raises(Problem) as problem:
        checked(SHAPE, {"count": 9, "a/b~c": 1, "notes": {"long key": "v"}, "tools": ["a", "x"]})

    assert problem.value.status == 422
    assert [error["pointer"] for error in problem.value.errors or ()] == [
        "/name",
        "/count",
        "/a~1b~0c",
        "/notes/long key",
        "/tools/1",
    ]


@pytest.mark.parametrize("value", [True, 1.0, "1", None])
def test_a_whole_number_is_nothing_else(value: Any) -> None:
    assert not accepts(Whole(0, 5), value)


def test_a_text_is_counted_and_given_stripped() -> None:
    assert Text(3, strip=True).check("  abc  ") == "abc"
    assert not accepts(Text(3, strip=True), "   ")


def test_half_a_surrogate_pair_is_no_text() -> None:
    assert not accepts(Text(10), "\ud800")
    assert not accepts(Pairs(), {"a": "\ud800"})


def test_a_change_must_change_something() -> None:
    assert not accepts(Shape(optional={"a": Flag()}, least=1), {})


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b'"x"',
        b"null",
        b"1",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b"\xff",
        b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"a": ' + b"9" * 5000 + b"}",
    ],
)
def test_what_is_no_json_object_is_malformed(raw: bytes) -> None:
    with pytest.raises(Problem) as problem:
        parsed(raw)
    assert (problem.value.status, problem.value.slug) == (400, "malformed")
