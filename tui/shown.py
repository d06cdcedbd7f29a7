"""Text of the tested project, made fit to be seen: whatever can't be seen is spelled out.

Node ids, messages and output are data. A control sequence in them must not reach the terminal,
a newline must not forge a line, a bidirectional override must not turn a name round. Everything
that is drawn or printed passes through here last, and only here.
"""

from __future__ import annotations

_BLANKS: frozenset[str] = frozenset("\u115f\u1160\u2800\u3164\uffa0\u034f\u17b4\u17b5")
"""Letters, marks and symbols by category, but drawn as nothing at all."""

_WIDE_SPACE = "\u3000"
"""The space of Chinese and Japanese text: two cells wide, seen as what it is."""

TAB = 8
"""Cells between tab stops in ``block``."""


def line(text: str) -> str:
    """Any text as one line in which every character is seen: ``\\n``, ``\\x1b``, ``\\u202e``."""
    if text.isprintable() and text.isascii():
        return text
    return "".join(character if _is_seen(character) else spelled(character) for character in text)


def block(text: str) -> list[str]:
    """Output of several lines, each as ``line`` makes it, but for tabs, which are set as blanks."""
    return [line(one.expandtabs(TAB)) for one in text.split("\n")]


def spelled(character: str) -> str:
    """A character as Python would write it in a string: ``\\x1b``, ``\\u200b``, ``\\U000e0001``."""
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def _is_seen(character: str) -> bool:
    if character.isprintable():
        return character not in _BLANKS and not _is_selector(character)
    return character == _WIDE_SPACE


def _is_selector(character: str) -> bool:
    """Whether it only picks another picture for the character before it (and makes terminals disagree on widths)."""
    return (
        "\ufe00" <= character <= "\ufe0f"
        or "\u180b" <= character <= "\u180d"
        or "\U000e0100" <= character <= "\U000e01ef"
    )
