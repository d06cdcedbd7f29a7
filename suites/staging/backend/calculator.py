"""Arithmetic: numbers, ``+ - * / ( )``. Parsed and computed here, exactly; nothing is ever evaluated as code."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

LONGEST = 1000
"""Characters of an expression."""

_NUMBER = re.compile(r"\d+(?:\.\d+)?|\.\d+", re.ASCII)
_BEGINNING = re.compile(r"[\d.(\-]", re.ASCII)
_SPACE = re.compile(r"\s*")
_DEPTH = 50
_EXACT = 2**53


class CannotCompute(Exception):
    """No expression, or one without a value; the text says which."""


@dataclass(frozen=True, slots=True)
class _Part:
    """An expression in a text: where it ends, and its value (``None``: divided by zero)."""

    value: Fraction | None
    end: int
    operators: int = 0


def value(expression: str) -> int | float:
    """What the whole expression comes to. Raises :class:`CannotCompute`."""
    part = _sum(expression, 0, 0)
    if part is None or _skip(expression, part.end) != len(expression):
        raise CannotCompute("this is no expression")
    if part.value is None:
        raise CannotCompute("division by zero")
    return _plain(part.value)


def expressions(text: str) -> list[str]:
    """The expressions in a text that have an operator between two numbers, each as long as it can be, in order."""
    found = []
    at = 0
    while beginning := _BEGINNING.search(text, at):
        at = beginning.start()
        part = _sum(text[at : at + LONGEST], 0, 0)
        if part is None:
            at += 1
            continue
        if part.operators:
            found.append(text[at : at + part.end])
        at += part.end
    return found


def _sum(text: str, at: int, depth: int) -> _Part | None:
    return _chain(text, at, depth, "+-", _product)


def _product(text: str, at: int, depth: int) -> _Part | None:
    return _chain(text, at, depth, "*/", _factor)


def _chain(
    text: str, at: int, depth: int, operators: str, operand: Callable[[str, int, int], _Part | None]
) -> _Part | None:
    """Operands with operators between them, from the left; it ends before an operator that nothing follows."""
    left = operand(text, at, depth)
    while left is not None:
        at = _skip(text, left.end)
        if at >= len(text) or text[at] not in operators or (right := operand(text, at + 1, depth)) is None:
            break
        result = _combined(left.value, text[at], right.value)
        left = _Part(result, right.end, left.operators + right.operators + 1)
    return left


def _factor(text: str, at: int, depth: int) -> _Part | None:
    at = _skip(text, at)
    if depth > _DEPTH or at >= len(text):
        return None
    if number := _NUMBER.match(text, at):
        return _Part(Fraction(number.group()), number.end())
    if text[at] == "-":
        part = _factor(text, at + 1, depth + 1)
        return part and _Part(None if part.value is None else -part.value, part.end, part.operators)
    if text[at] == "(" and (part := _sum(text, at + 1, depth + 1)) is not None:
        end = _skip(text, part.end)
        if end < len(text) and text[end] == ")":
            return _Part(part.value, end + 1, part.operators)
    return None


def _combined(left: Fraction | None, operator: str, right: Fraction | None) -> Fraction | None:
    if left is None or right is None or (operator == "/" and not right):
        return None
    if operator == "+":
        return left + right
    if operator == "-":
        return left - right
    return left * right if operator == "*" else left / right


def _skip(text: str, at: int) -> int:
    space = _SPACE.match(text, at)
    return at if space is None else space.end()


def _plain(number: Fraction) -> int | float:
    """As JSON can carry it: a whole number where it is one that every reader can hold."""
    if number.denominator == 1 and abs(number) <= _EXACT:
        return int(number)
    try:
        return float(number)
    except OverflowError:
        raise CannotCompute("the result is too large") from None
