"""The keys that an action of a plan may have: those that the board does not need itself.

What the board binds is written here a second time, as the plan knows nothing of screens; a test
compares the two.
"""

from __future__ import annotations

from tui.plan.values import Unexpected, kind, quoted

BOUND = {
    "?": "help", "q": "leave", "s": "the plain stream", "f": "rerun what failed", "r": "rerun", "a": "rerun all",
    "x": "cancel", "/": "search", "n": "the next failure", "N": "the failure before", "p": "the failure before",
    "o": "the output of an action", "i": "the iterations", "c": "a canary", "S": "sorting", "R": "the report",
    "z": "a tier at full size", "!": "what blocks", "P": "pinning a tier", "L": "log levels", "e": "the editor",
    "v": "viewing an iteration", "w": "writing the report", "u": "unfold", "y": "copy", "K": "handing over keys",
    "M": "the mouse", ":": "the palette", "T": "a panel alone", "A": "what happened while away",
    "W": "rerun on save",
    "[": "the one before", "]": "the next one", "j": "down", "k": "up", "g": "the first row", "G": "the last row",
    **dict.fromkeys("123456789", "tabs"),
}  # fmt: skip
"""By key, what it does on some screen of the board."""
KEPT = {"d": "diagnose"}
"""Keys that will mean something on the board: a plan written today is not to break then."""

_EXPECTED = 'one visible ASCII character that the board does not use itself, such as "D"'


def key(raw: object) -> str:
    """A key of an action."""
    if not isinstance(raw, str) or len(raw) != 1 or not "!" <= raw <= "~":
        found = quoted(raw) if isinstance(raw, str) and 0 < len(raw) <= 20 else kind(raw)
        raise Unexpected(_EXPECTED, found)
    if raw in BOUND:
        raise Unexpected(_EXPECTED, f"{quoted(raw)} ({BOUND[raw]})")
    if raw in KEPT:
        raise Unexpected(_EXPECTED, f"{quoted(raw)} (kept for {KEPT[raw]})")
    return raw
