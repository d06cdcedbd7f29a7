"""What the local variables of a failed call held, in words.

Plain values only: of any other object its class, as its ``repr`` may ask a database, take a minute,
or change what the test's teardown finds. What is named like a secret is not shown at all.
"""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from typing import Any

from .mask import standing_alone

_MOST = 20
"""Variables of a call, and entries of a container."""
_DEEP = 3
_BITS = 10_000
_NUMBERS = (int, float, complex)
_NAMES = 40
"""Characters of a text that may name what follows it."""
_NOISE = (types.ModuleType, types.FunctionType, types.BuiltinFunctionType, type)
_BRACKETS = {list: "[]", tuple: "()", set: "{}", frozenset: "{}", dict: "{}"}


def local_values(variables: Mapping[str, Any], longest: int) -> list[tuple[str, str]]:
    """Names and values in at most ``longest`` characters and a few, in the order they were made; not masked yet."""
    found = []
    for name, value in variables.items():
        if not name.isidentifier() or name.startswith("__") or type(value) in _NOISE:
            continue  # pytest's own names begin with an @
        found.append((name, in_words(value, longest, name)))
        if len(found) == _MOST:
            break
    return found


def in_words(value: Any, longest: int, name: str = "") -> str:
    """One value."""
    words, room = [], longest
    for part in _parts(name, value, _DEEP, longest):
        words.append(part)
        room -= len(part)
        if room < 0:
            words.append("…")
            break
    return "".join(words)


def _parts(name: str, value: Any, deep: int, longest: int) -> Iterator[str]:
    """``name``: what says what ``value`` is, itself or about all of a container."""
    kind = type(value)
    if kind is str:
        yield repr(standing_alone(name, value[:longest])) + ("…" if len(value) > longest else "")
    elif kind is bytes:
        text = value[:longest].decode("latin-1")
        shown = standing_alone(name, text)
        yield ("b" + repr(shown) if shown != text else repr(value[:longest])) + ("…" if len(value) > longest else "")
    elif kind is bool or value is None:
        yield repr(value)
    elif kind in _NUMBERS:
        # Python itself refuses to write very long ones.
        long = kind is int and value.bit_length() >= _BITS
        yield f"<int of {value.bit_length()} bits>" if long else standing_alone(name, repr(value))
    elif kind in _BRACKETS and deep:
        opening, closing = _BRACKETS[kind]
        yield opening
        yield from _entries(name, value, deep - 1, longest)
        yield closing
    elif kind in _BRACKETS:
        yield f"<{kind.__name__} of {len(value)}>"
    else:
        yield f"<{_name(kind)}>"


def _entries(name: str, container: Any, deep: int, longest: int) -> Iterator[str]:
    told = ""
    for number, entry in enumerate(list(container)[:_MOST]):
        if number:
            yield ", "
        if type(container) is dict:
            yield from _parts("", entry, deep, longest)
            yield ": "
            yield from _parts(f"{name} {_text(entry)}", container[entry], deep, longest)
        else:
            # A pair or a list of arguments names its values too: ("authorization", "…"), ["--token", "…"].
            yield from _parts(f"{name} {told}", entry, deep, longest)
            told = _text(entry)
    if len(container) > _MOST:
        yield f", … {len(container) - _MOST} more"


def _text(value: Any) -> str:
    """What a value may say of the one after it."""
    if type(value) is bytes:
        value = value[:_NAMES].decode("latin-1")
    return value if type(value) is str and len(value) < _NAMES and len(value.split()) == 1 else ""


def _name(kind: type) -> str:
    # By type's own attributes: a class of classes may make something else of them.
    module, name = type.__getattribute__(kind, "__module__"), type.__dict__["__qualname__"].__get__(kind)
    return name if module == "builtins" else f"{module}.{name}"
