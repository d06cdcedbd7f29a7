"""What the test printed and logged, section by section; and how often it was tried."""

from __future__ import annotations

import logging
import re
import time

from tui.events import Evidence
from tui.reports.amounts import many
from tui.reports.sentences import confirmation_words, warmth_words
from tui.state import Attempt, Test
from tui.widgets.amounts import brief, precise
from tui.widgets.document import BLANK, Piece, Row, heading, text_rows
from tui.widgets.ink import Role
from tui.widgets.marks import MARKS, Glyphs

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
"""Of what was logged, the lowest that is shown."""
_LEVEL = re.compile(r"\b(DEBUG|INFO|WARN(?:ING)?|ERROR|CRITICAL|FATAL)\b")
_HEAD = 80
"""Characters of a line in which its level is looked for."""


def output_rows(evidence: Evidence, width: int, level: str = LEVELS[0]) -> list[Row]:
    """Captured sections in pytest's order; of the logged ones, what is at least of a level."""
    rows: list[Row] = []
    for name, text in evidence.sections:
        lines = text.rstrip("\n").split("\n")
        shown = _at_least(level, lines) if "log" in name else lines
        hidden = len(lines) - len(shown)
        said = many(len(lines), "line") + (f", {hidden} below {level} hidden, L" if hidden else "")
        rows += [heading(name.upper().removeprefix("CAPTURED "), said)]
        for line in shown:
            rows += text_rows(line, width, _role(line) if "log" in name else "text")
        rows.append(BLANK)
    for cut in evidence.cut:
        rows += text_rows(cut, width, "warn")
    return rows


def _level_of(line: str) -> int | None:
    """Of a line that begins a record, by the word it has at its head (pytest's format, or the project's own)."""
    found = _LEVEL.search(line[:_HEAD])
    return None if found is None else getattr(logging, found[1])


def _at_least(level: str, lines: list[str]) -> list[str]:
    """Records of a level and above, each with the lines that go on with it."""
    least, shown, shows = getattr(logging, level), [], True
    for line in lines:
        own = _level_of(line)
        shows = shows if own is None else own >= least
        if shows:
            shown.append(line)
    return shown


def _role(line: str) -> Role:
    own = _level_of(line) or 0
    return "bad" if own >= logging.ERROR else "warn" if own >= logging.WARNING else "text"


def output_lines(evidence: Evidence) -> int:
    return sum(text.rstrip("\n").count("\n") + 1 for _, text in evidence.sections)


def attempt_rows(test: Test, shown: int, glyphs: Glyphs, width: int) -> list[Row]:
    """A row an attempt, the newest first, with all that is known of how it ran."""
    rows = [heading("ATTEMPTS", "[ and ] show another one")]
    for number in range(len(test.attempts), 0, -1):
        attempt = test.attempts[number - 1]
        mark = MARKS[attempt.outcome]
        first = Row(
            (
                Piece(0, f"{number:>3}", "strong" if number == shown else "muted", number == shown),
                Piece(5, f"{glyphs.of(mark)} {mark.long}", mark.role),
                Piece(18, precise(attempt.duration)),
                Piece(28, time.strftime("%H:%M:%S", time.localtime(attempt.started)), "muted"),
                Piece(39, f"w{attempt.worker}", "muted"),
                Piece(45, warmth_words(attempt), "warn" if attempt.cold_reason else "muted"),
            )
        )
        rows.append(first)
        rows += [Row((Piece(5, text, "muted"),)) for text in _details(attempt, again=number > 1)]
        if attempt.message:
            rows += text_rows(attempt.message.partition("\n")[0], width, "text", x=5)
        rows.append(BLANK)
    return rows


def _details(attempt: Attempt, *, again: bool) -> list[str]:
    said = [words] if (words := confirmation_words(attempt)) else []
    if attempt.exit is not None:
        said.append(f"ended by {attempt.exit.signal or f'exit code {attempt.exit.code}'}")
    if attempt.phases is not None:
        setup, call, teardown = attempt.phases
        said.append(f"setup {brief(setup)}, call {brief(call)}, teardown {brief(teardown)}")
    if again and attempt.requested is not None:
        said.append(f"began {brief(max(0.0, attempt.started - attempt.requested))} after it was asked for")
    if attempt.subtests is not None:
        said.append(f"subtests: {attempt.subtests[0]} passed, {attempt.subtests[1]} failed")
    return said
