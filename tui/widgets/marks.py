"""Glyphs and the words that always stand beside them, with what they become where only ASCII is safe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tui.state import Status, Test
from tui.widgets.ink import Role


@dataclass(frozen=True)
class Mark:
    """How one status looks: a glyph and a word (short in lists, long in titles)."""

    glyph: str
    ascii: str
    word: str
    long: str
    role: Role
    word_role: Role


MARKS: dict[Status, Mark] = {
    "passed": Mark("✓", "v", "pass", "passed", "goodq", "muted"),
    "failed": Mark("✗", "X", "fail", "FAILED", "bad", "bad"),
    "error": Mark("‼", "!", "error", "ERROR", "bad", "bad"),
    "timeout": Mark("◔", "T", "timeout", "TIMEOUT", "bad", "bad"),
    "crashed": Mark("†", "C", "crash", "CRASHED", "bad", "bad"),
    "skipped": Mark("»", "-", "skip", "skipped", "warn", "muted"),
    "xfailed": Mark("×", "x", "xfail", "xfailed", "goodq", "muted"),
    "xpassed": Mark("+", "+", "xpass", "xpassed", "warn", "muted"),
    "cancelled": Mark("■", "#", "cancel", "cancelled", "warn", "muted"),
    "not-run": Mark("○", "o", "not run", "not run", "faint", "faint"),
    "blocked": Mark("⊘", "B", "blocked", "blocked", "warn", "muted"),
    "running": Mark("▸", ">", "run", "running", "run", "run"),
    "waiting": Mark("·", ".", "wait", "waiting", "muted", "faint"),
}

FLAKY = Mark("≈", "~", "flaky", "flaky", "note", "note")
DISAGREED = Mark("≠", "%", "differs", "passed, cold", "note", "note")
"""A pass in a fresh process, of what failed in a fork just before."""


def mark_of(test: Test) -> Mark:
    """How a test stands: its status, or what else there is to know of a pass."""
    if test.status == "passed":
        return DISAGREED if test.has_disagreed else FLAKY if test.is_flaky else MARKS["passed"]
    return MARKS[test.status]


@dataclass(frozen=True)
class Glyphs:
    """What lines are drawn with. ``ascii`` text: everything else in the tested project's text is spelled out."""

    ascii: bool
    ascii_text: bool
    failed: str
    passed: str
    skipped: str
    running: str
    waiting: str
    hair: str
    select: str
    usual: str
    usual_past: str
    ellipsis: str
    times: str
    underline: str
    trend: str
    dot: str
    arrow: str

    def of(self, mark: Mark) -> str:
        return mark.ascii if self.ascii else mark.glyph


def glyphs(ascii: bool, ascii_text: bool = False) -> Glyphs:
    """One of the two sets."""
    if ascii:
        return Glyphs(
            True, ascii_text, "X", "=", "-", ">", ".", ".", ">", "|", "|", "~", "x", "=", "_123456789", ".", "->"
        )  # fmt: skip
    return Glyphs(
        False, ascii_text, "▇", "━", "╍", "▪", "─", "─", "▌", "┃", "┃", "…", "×", "━", "▁▂▃▅▆", "·", "▸"
    )  # fmt: skip


def locale_wants_ascii(environ: Mapping[str, str]) -> tuple[bool, bool]:
    """Whether glyphs, and whether the tested project's text, must be ASCII in this locale.

    Many of the glyphs are of "ambiguous width": two cells in a Chinese, Japanese or Korean terminal.
    """
    locale = environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG") or ""
    codeset = locale.partition(".")[2].partition("@")[0].lower().replace("-", "")
    if codeset != "utf8":
        return True, True
    return locale[:2] in {"zh", "ja", "ko"}, False
