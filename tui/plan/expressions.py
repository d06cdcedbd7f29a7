"""Marker and keyword expressions, as far as they can be judged without the project's pytest.

Only what no supported pytest (7.4 to 9) would accept is refused: the project's own pytest, which
evaluates them, has the last word.
"""

from __future__ import annotations

import re

from tui.plan.values import Unexpected, kind, quoted

_TOKEN = re.compile(r"\s*(?:(?P<paren>[()])|(?P<name>[\w:+\-.\[\]\\/]+)|(?P<bad>\S))")
_ARGUMENTS = re.compile(r"""\((?:[^()"']|"[^"]*"|'[^']*')*\)""")
_CALLABLE = re.compile(r"\w+\Z")


def markers(raw: object) -> str:
    """A ``-m`` expression; ``""`` is every test. Names may have arguments, as pytest 8.3 and later take them."""
    return _checked(raw, 'a marker expression, such as "not slow"', with_arguments=True)


def keyword(raw: object) -> str:
    """A ``-k`` expression; ``""`` is every test."""
    return _checked(raw, 'a keyword expression, such as "login and not slow"', with_arguments=False)


def _checked(raw: object, expected: str, *, with_arguments: bool) -> str:
    if not isinstance(raw, str):
        raise Unexpected(expected, kind(raw))
    fault = _fault(raw, with_arguments=with_arguments) if raw.strip() else None
    if fault:
        raise Unexpected(expected, fault)
    return raw


def _fault(expression: str, *, with_arguments: bool) -> str | None:
    """What is wrong, as the end of a sentence; ``None`` when nothing is."""
    at, depth, wants_name = 0, 0, True
    end = len(expression.rstrip())
    while at < end:
        match = _TOKEN.match(expression, at)
        if match is None or match["bad"]:
            return f"one with {quoted(expression[at:].strip()[0])} in it"
        at, word, paren = match.end(), match["name"], match["paren"]
        if paren == ")":
            depth -= 1
            if depth < 0 or wants_name:
                return 'one with a ")" that closes nothing' if depth < 0 else 'one with nothing before a ")"'
        elif word in ("and", "or"):
            if wants_name:
                return f"one with nothing before {quoted(word)}"
            wants_name = True
        elif not wants_name:
            return 'one with two names and neither "and" nor "or" between them'
        elif paren == "(":
            depth += 1
        elif word != "not":
            wants_name = False
            arguments = _ARGUMENTS.match(expression, at) if with_arguments and _CALLABLE.match(word) else None
            at = arguments.end() if arguments else at
    if wants_name:
        return "one that ends too early"
    return 'one with a "(" that is not closed' if depth else None
