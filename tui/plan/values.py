"""What single values of a plan may be: one small function per kind, each of a raw TOML value.

They return the value as the model wants it or raise ``Unexpected``. A value is repeated in the
complaint only where it cannot be a secret, and only when it is short.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Callable
from typing import Any, TypeAlias

from tui.plan.locate import Place

Check: TypeAlias = Callable[[Any], Any]

_LONGEST_SHOWN = 40
_LARGEST = 10**9
_LONGEST_TIMEOUT = 7 * 24 * 3600.0
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|s|m|h))+", re.ASCII)
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)", re.ASCII)
_REFERENCE = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*|file:[^\0]*[^\0\s/][^\0]*", re.ASCII)


class Unexpected(ValueError):
    """A value is not what its key takes. ``inside``: where in the value, if it is a table or array."""

    def __init__(self, expected: str, found: str, inside: Place = ()) -> None:
        super().__init__(f"expected {expected}, found {found}")
        self.expected = expected
        self.found = found
        self.inside = inside


def kind(raw: object) -> str:
    """What a value is, in words that do not repeat it."""
    match raw:
        case bool():
            return "true" if raw else "false"
        case str():
            return "a string" if raw else "an empty string"
        case int():
            return "an integer"
        case float():
            return "a number"
        case list():
            return "an array"
        case dict():
            return "a table"
        case datetime.datetime():
            return "a date with a time"
        case datetime.date():
            return "a date"
        case _:
            return "a time"


def shown(raw: object) -> str:
    """A value as a complaint may repeat it: short, on one line, nothing in it that a terminal would obey."""
    if isinstance(raw, str):
        return quoted(raw) if 0 < len(raw) <= _LONGEST_SHOWN else kind(raw)
    if isinstance(raw, int | float) and not isinstance(raw, bool) and abs(raw) < _LARGEST * 1000:
        return str(raw)
    return kind(raw)


def quoted(text: str) -> str:
    """Text in double quotes, with everything invisible spelled out."""
    return '"' + "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text) + '"'


def text(raw: object) -> str:
    if not isinstance(raw, str):
        raise Unexpected("a string", kind(raw))
    if not raw.strip() or "\0" in raw:
        raise Unexpected("a string that is not empty", "one with a NUL character" if raw.strip() else "an empty one")
    return raw


def text_or_empty(raw: object) -> str:
    if not isinstance(raw, str) or "\0" in raw:
        raise Unexpected("a string", kind(raw))
    return raw


def identifier(raw: object) -> str:
    """A name that can be typed as an option's value and shown in a row."""
    if not isinstance(raw, str) or not raw or raw != raw.strip() or len(raw) > 64 or not raw.isprintable():
        raise Unexpected('a name of 1 to 64 visible characters, such as "ws-events"', shown(raw))
    return raw


def texts(raw: object) -> tuple[str, ...]:
    if not isinstance(raw, list):
        raise Unexpected("an array of strings", kind(raw))
    for index, item in enumerate(raw):
        if not isinstance(item, str) or not item.strip() or "\0" in item:
            raise Unexpected("an array of strings that are not empty", f"{kind(item)} in it", (index,))
    return tuple(raw)


def command(raw: object) -> tuple[str, ...]:
    """A program and its arguments: no shell takes it apart. It may hold a secret, and is not repeated."""
    expected = 'a command as an array of strings, such as ["./start.sh", "--quick"]'
    if not isinstance(raw, list) or not raw:
        raise Unexpected(expected, "an empty array" if raw == [] else kind(raw))
    for index, item in enumerate(raw):
        if not isinstance(item, str) or "\0" in item:
            raise Unexpected(expected, f"{kind(item)} in it", (index,))
    if not raw[0].strip():
        raise Unexpected(expected, "an empty string where the program belongs", (0,))
    return tuple(raw)


def flag(raw: object) -> bool:
    if not isinstance(raw, bool):
        raise Unexpected("true or false", shown(raw))
    return raw


def number(raw: object) -> float:
    if isinstance(raw, bool) or not isinstance(raw, int | float) or not -1e15 <= raw <= 1e15:
        raise Unexpected("a number", shown(raw))
    return float(raw)


def share(raw: object) -> float:
    if isinstance(raw, bool) or not isinstance(raw, int | float) or not 0 <= raw <= 1:
        raise Unexpected("a number from 0 to 1 (1.0 is all, 0.98 is 98 %)", shown(raw))
    return float(raw)


def whole(least: int, most: int = _LARGEST) -> Check:
    """A check for whole numbers from ``least`` to ``most``."""

    def check(raw: object) -> int:
        if isinstance(raw, bool) or not isinstance(raw, int) or not least <= raw <= most:
            limits = f"of at least {least}" if most == _LARGEST else f"from {least} to {most}"
            raise Unexpected(f"a whole number {limits}", shown(raw))
        return raw

    return check


def duration(raw: object) -> float:
    """Seconds of ``"30s"``, ``"1m30s"``, ``"500ms"``, ``"2h"`` or a bare number."""
    seconds = math.nan
    if isinstance(raw, str) and _DURATION.fullmatch(raw):
        seconds = sum(float(amount) * _UNITS[unit] for amount, unit in _DURATION_PART.findall(raw))
    elif isinstance(raw, int | float) and not isinstance(raw, bool) and 0 < raw <= _LONGEST_TIMEOUT:
        seconds = float(raw)
    if not 0 < seconds <= _LONGEST_TIMEOUT:
        raise Unexpected('a duration above 0 and up to 7 days, such as "30s", "2m" or a number of seconds', shown(raw))
    return seconds


def one_of(*words: str) -> Check:
    def check(raw: object) -> str:
        if not isinstance(raw, str) or raw not in words:
            raise Unexpected(" or ".join(quoted(word) for word in words), shown(raw))
        return raw

    return check


def date(raw: object) -> datetime.date:
    if not isinstance(raw, datetime.date) or isinstance(raw, datetime.datetime):
        raise Unexpected("a date without quotes, such as 2025-09-01", kind(raw))
    return raw


def url(*schemes: str) -> Check:
    """A check for absolute URLs. They may hold a password, so a wrong one is never repeated."""
    starts = tuple(f"{scheme}://" for scheme in schemes)
    expected = f"a URL that begins with {' or '.join(starts)}"

    def check(raw: object) -> str:
        if not isinstance(raw, str):
            raise Unexpected(expected, kind(raw))
        start = next((start for start in starts if raw.lower().startswith(start)), None)
        if start is None:
            raise Unexpected(expected, "another string" if raw else "an empty string")
        host = re.split(r"[/?#\\]", raw[len(start) :], maxsplit=1)[0]
        if "@" in host:
            raise Unexpected("a URL without user and password (they belong in credentials)", "one that has them")
        if not host or not raw.isprintable() or " " in raw:
            raise Unexpected(expected + " and a host, without spaces", "another string")
        return raw

    return check


def references(raw: object) -> dict[str, str]:
    """Credentials. What stands where a reference belongs may be the secret itself: it is never repeated."""
    if not isinstance(raw, dict):
        raise Unexpected('a table of references, such as { user = "env:STAGING_USER" }', kind(raw))
    for name, reference in raw.items():
        if not isinstance(reference, str) or not _REFERENCE.fullmatch(reference):
            raise Unexpected(
                'a reference, "env:NAME" or "file:PATH" (never the credential itself)',
                "something else (not shown, it may be a secret)",
                (name,),
            )
    return dict(raw)


def environment(raw: object) -> dict[str, str]:
    """Environment variables; their values may be secrets and are never repeated."""
    if not isinstance(raw, dict):
        raise Unexpected('a table of strings, such as { LANG = "C" }', kind(raw))
    for name, value in raw.items():
        if not name or "=" in name or "\0" in name:
            raise Unexpected('names without "="', "another one", (name,))
        if not isinstance(value, str) or "\0" in value:
            raise Unexpected("a string (numbers too are written in quotes)", kind(value), (name,))
    return dict(raw)
