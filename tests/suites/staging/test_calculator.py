"""The calculator computes arithmetic, exactly, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suites.staging.backend.calculator import CannotCompute, expressions, value


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("1+2*3", 7),
        (" ( 1 + 2 ) * 3 ", 9),
        ("8/4/2", 1),
        ("10-3-2", 5),
        ("2--3", 5),
        ("-(1+1)", -2),
        ("0.1+0.2", 0.3),
        ("1/4", 0.25),
        (".5*2", 1),
        ("7", 7),
    ],
)
def test_it_computes_with_the_usual_precedence(expression: str, result: float) -> None:
    assert value(expression) == result


def test_a_whole_result_is_a_whole_number() -> None:
    assert isinstance(value("6/3"), int)


@pytest.mark.parametrize("expression", ["1/0", "1/(2-2)", "5*(1/0)"])
def test_division_by_zero_is_told_as_such(expression: str) -> None:
    with pytest.raises(CannotCompute, match="division by zero"):
        value(expression)


@pytest.mark.parametrize(
    "expression",
    ["", "1+", "(1", "1)", "2**3", "1//2", "__import__('os')", "a+1", "1 2", "1e9", "1_000", "٣+١", "(" * 900 + "1"],
)
def test_whatever_is_no_arithmetic_is_refused(expression: str) -> None:
    with pytest.raises(CannotCompute, match="no expression"):
        value(expression)


def test_a_result_that_no_number_can_hold_is_refused() -> None:
    with pytest.raises(CannotCompute, match="too large"):
        value("9" * 400 + "*10")


@given(st.text("0123456789.+-*/() ax", max_size=40))
def test_any_text_is_computed_or_refused(text: str) -> None:
    for expression in (text, *expressions(text)):
        try:
            assert isinstance(value(expression), int | float)
        except CannotCompute:
            continue


@given(st.text("0123456789+-*/() ab", max_size=40))
def test_what_is_found_in_a_text_is_an_expression_or_divides_by_zero(text: str) -> None:
    for expression in expressions(text):
        assert expression in text
        try:
            value(expression)
        except CannotCompute as cannot:
            assert str(cannot) == "division by zero"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("what is 2+2 and 3 * 4?", ["2+2", "3 * 4"]),
        ("version 12 of 3", []),
        ("1 2+3.", ["2+3"]),
        ("(1+2)*3 done", ["(1+2)*3"]),
        ("costs 5-", []),
        ("((1+1)", ["(1+1)"]),
    ],
)
def test_expressions_are_found_in_order_as_long_as_they_can_be(text: str, found: list[str]) -> None:
    assert expressions(text) == found
