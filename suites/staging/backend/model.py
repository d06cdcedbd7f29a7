"""The model: what each agent does with an input. Deterministic; it waits for nothing and knows of no database.

An agent's work is a generator of steps. It is sent the result of a :class:`Use` (the tool's) and of a
:class:`Hand` (the sub-agent's text), and the texts of its :class:`Say`, joined, are its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

from suites.staging.backend.calculator import expressions

_PIECE = 16
_TICK = 0.020
_WORD = re.compile(r"\S+\s*")


@dataclass(frozen=True, slots=True)
class Use:
    """Use a tool."""

    tool: str
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Hand:
    """Hand the input to another agent."""

    agent: str


@dataclass(frozen=True, slots=True)
class Say:
    """A piece of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Pause:
    """Take so many seconds."""

    seconds: float


class Failure(Exception):
    """The agent fails."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


Step = Use | Hand | Say | Pause
Work = Generator[Step, Any, None]


def thought(agent: str, given: str) -> str:
    """What an agent thinks before it begins."""
    count = len(given.split())
    return f"{agent} reads {count} {'word' if count == 1 else 'words'}"


def work(kind: str, given: str) -> Work:
    """What an agent of this kind (a built-in one's name) does with ``given``."""
    return _KINDS[kind](given)


def usage(given: str, text: str, tool_calls: int) -> dict[str, int]:
    """Tokens are words."""
    taken, made = len(given.split()), len(text.split())
    return {"input_tokens": taken, "output_tokens": made, "total_tokens": taken + made, "tool_calls": tool_calls}


def _echo(given: str) -> Work:
    for at in range(0, len(given), _PIECE):
        yield Say(given[at : at + _PIECE])


def _writer(given: str) -> Work:
    yield from _words(f"Draft: {given}.")


def _researcher(given: str) -> Work:
    found = yield Use("search", {"query": given})
    titles = "; ".join(hit["title"] for hit in found["hits"])
    yield from _words(f"Found {len(found['hits'])}: {titles}" if titles else "Found 0")


def _analyst(given: str) -> Work:
    results = []
    for expression in expressions(given):
        computed = yield Use("calculator", {"expression": expression})
        results.append(str(computed["value"]))
    yield from _words(f"Results: {', '.join(results)}" if results else "Nothing to compute")


def _triage(given: str) -> Work:
    if any(sign.isdigit() for sign in given) and any(sign in "+-*/" for sign in given):
        chosen = "analyst"
    elif "?" in given:
        chosen = "researcher"
    else:
        chosen = "writer"
    text = yield Hand(chosen)
    yield from _words(text)


def _coordinator(given: str) -> Work:
    texts = []
    for agent in ("researcher", "analyst", "writer"):
        texts.append((yield Hand(agent)))
    yield from _words(" | ".join(texts))


def _unreliable(given: str) -> Work:
    if given == "model":
        raise Failure("model_error", "The model broke off.")
    if given == "tool":
        yield Use("broken", {})
    elif given == "stream":
        yield Say("The first piece, ")
        yield Say("the second, ")
        raise Failure("stream_broken", "The stream broke off.")
    yield from _echo(given)


def _slow(given: str) -> Work:
    for tick in range(1, ticks(given) + 1):
        yield Pause(_TICK)
        yield Say(f"tick {tick} ")


def ticks(given: str) -> int:
    """How many pieces ``slow`` is asked for. Raises :class:`Failure` if that is no number from 1 to 2000."""
    number = given.strip()
    if not re.fullmatch(r"[0-9]{1,4}", number) or not 1 <= int(number) <= 2000:
        raise Failure("invalid_input", "slow takes a number from 1 to 2000.")
    return int(number)


def _words(text: str) -> Work:
    for piece in _WORD.findall(text):
        yield Say(piece)


_KINDS: dict[str, Callable[[str], Work]] = {
    "echo": _echo,
    "writer": _writer,
    "researcher": _researcher,
    "analyst": _analyst,
    "triage": _triage,
    "coordinator": _coordinator,
    "unreliable": _unreliable,
    "slow": _slow,
}
