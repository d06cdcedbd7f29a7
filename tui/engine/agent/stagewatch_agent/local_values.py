"""What the local variables of a failed call held, in words.

Plain values only: of any other object its class, as its ``repr`` may ask a database, take a minute,
or change what the test's teardown finds. What is named like a secret is not shown at all.
"""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from typing import Any

from .mask import MASKED, is_secret_name

_MOST = 20
"""Variables of a call, and entries of a container."""
_DEEP = 3
_BITS = 10_000
_SCALARS = (type(None), bool, float, complex)
_NOISE = (types.ModuleType, types.FunctionType, types.BuiltinFunctionType, type)
_BRACKETS = {list: "[]", tuple: "()", set: "{}", frozenset: "{}", dict: "{}"}


def local_values(variables: Mapping[str, Any], longest: int) -> list[tuple[str, str]]:
    """Names and values in at most ``longest`` characters and a few, in the order they were made; not masked yet."""
    found = []
    for name, value in variables.items():
        if not name.isidentifier() or name.startswith("__") or type(value) in _NOISE:
            continue  # pytest's own names begin with an @
        found.append((name, MASKED if is_secret_name(name) else in_words(value, longest)))
        if len(found) == _MOST:
            break
    return found


def in_words(value: Any, longest: int) -> str:
    """One value."""
    words, room = [], longest
    for part in _parts(value, _DEEP, longest):
        words.append(part)
        room -= len(part)
        if room < 0:
            words.append("…")
            break
    return "".join(words)


def _parts(value: Any, deep: int, longest: int) -> Iterator[str]:
    kind = type(value)
    if kind in (str, bytes):
        yield repr(value[:longest]) + ("…" if len(value) > longest else "")
    elif kind is int:
        # Python itself refuses to write very long ones.
        yield repr(value) if value.bit_length() < _BITS else f"<int of {value.bit_length()} bits>"
    elif kind in _SCALARS:
        yield repr(value)
    elif kind in _BRACKETS and deep:
        opening, closing = _BRACKETS[kind]
        yield opening
        yield from _entries(value, deep - 1, longest)
        yield closing
    elif kind in _BRACKETS:
        yield f"<{kind.__name__} of {len(value)}>"
    else:
        yield f"<{_name(kind)}>"


def _entries(container: Any, deep: int, longest: int) -> Iterator[str]:
    for number, entry in enumerate(list(container)[:_MOST]):
        if number:
            yield ", "
        yield from _parts(entry, deep, longest)
        if type(container) is dict:
            yield ": "
            if type(entry) is str and is_secret_name(entry):
                yield repr(MASKED)
            else:
                yield from _parts(container[entry], deep, longest)
    if len(container) > _MOST:
        yield f", … {len(container) - _MOST} more"


def _name(kind: type) -> str:
    # By type's own attributes: a class of classes may make something else of them.
    module, name = type.__getattribute__(kind, "__module__"), type.__dict__["__qualname__"].__get__(kind)
    return name if module == "builtins" else f"{module}.{name}"
