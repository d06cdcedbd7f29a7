"""What the test printed and logged, section by section; and how often it was tried."""

from __future__ import annotations

import time

from tui.events import Evidence
from tui.reports.amounts import many
from tui.state import Attempt, Test
from tui.widgets.amounts import brief, precise
from tui.widgets.document import BLANK, Piece, Row, heading, text_rows
from tui.widgets.marks import MARKS, Glyphs


def output_rows(evidence: Evidence, width: int) -> list[Row]:
    """Captured sections in pytest's order."""
    rows: list[Row] = []
    for name, text in evidence.sections:
        lines = text.rstrip("\n").count("\n") + 1
        rows += [heading(name.upper().removeprefix("CAPTURED "), many(lines, "line"))]
        rows += [*text_rows(text.rstrip("\n"), width), BLANK]
    for cut in evidence.cut:
        rows += text_rows(cut, width, "warn")
    return rows


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
                Piece(45, _warmth(attempt), "warn" if attempt.cold_reason else "muted"),
            )
        )
        rows.append(first)
        rows += [Row((Piece(5, text, "muted"),)) for text in _details(attempt, again=number > 1)]
        if attempt.message:
            rows += text_rows(attempt.message.partition("\n")[0], width, "text", x=5)
        rows.append(BLANK)
    return rows


def _warmth(attempt: Attempt) -> str:
    return f"cold: {attempt.cold_reason}" if attempt.cold_reason else "warm"


def _details(attempt: Attempt, *, again: bool) -> list[str]:
    said = []
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
