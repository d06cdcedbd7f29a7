"""What a test has done over the iterations: outcome, duration, revision, and why it changed colour."""

from __future__ import annotations

import time

from tui.events import FAILING
from tui.reports.amounts import many
from tui.reports.sentences import confirmation_words, iteration_words
from tui.state import RunState, Test
from tui.state.colours import turn
from tui.state.derived import failing_since
from tui.state.past import Past, PastAttempt
from tui.widgets.amounts import precise
from tui.widgets.document import BLANK, Piece, Row, heading, text_rows
from tui.widgets.marks import MARKS, Glyphs

_MOST = 100
"""Attempts of earlier iterations that are drawn."""


def before(past: Past, iteration: int) -> Past:
    """Only what the journal says of the iterations before one: of that one itself the state knows more."""
    return Past(past.node, past.ordinal, tuple(one for one in past.attempts if one.iteration < iteration))


def hint(test: Test, past: Past) -> str:
    """For the tab: how often it failed before."""
    failed = {one.iteration for one in past.attempts if one.outcome in FAILING}
    ran = {one.iteration for one in past.attempts if one.has_colour}
    return f"failed in {len(failed)} of {len(ran)}" if ran else "no earlier iteration"


def history_rows(state: RunState, test: Test, past: Past, glyphs: Glyphs, width: int) -> list[Row]:
    """What follows from it first, then every attempt, the newest first."""
    rows = [heading("HISTORY", f"{many(len(test.attempts), 'attempt')} in this iteration, {hint(test, past)} before")]
    rows += [row for words in _facts(state, test, past) for row in text_rows(words, width)]
    rows.append(BLANK)
    for index in range(len(test.attempts) - 1, -1, -1):
        attempt = test.attempts[index]
        turned = turn(state, test, index)
        why = confirmation_words(attempt) or ("" if turned is None else turned.words)
        if attempt.mixed:
            why = "mixed: another revision was being deployed"
        rows.append(
            _row(glyphs, state.iteration, state.revision, attempt.outcome, attempt.duration, attempt.started, why)
        )
    older: PastAttempt | None = None
    drawn = []
    for one in past.attempts[-_MOST:]:
        drawn.append(_row(glyphs, one.iteration, one.revision, one.outcome, one.duration, one.began, _why(older, one)))
        older = one if one.has_colour else older
    return [*rows, *reversed(drawn)]


def _facts(state: RunState, test: Test, past: Past) -> list[str]:
    facts = []
    since = failing_since(state, test)
    if since is not None:
        facts.append(f"fails since {iteration_words(since.iteration, since.revision)}")
    often = past.flakiness
    if often.flaky:
        facts.append(f"flaky in {often.flaky} of the {often.of} iterations before that ran it")
    if test.usual is not None:
        spread = f", give or take {precise(test.spread)}" if test.spread >= 0.005 else ""
        facts.append(f"usually takes {precise(test.usual)}{spread}")
    return facts


def _why(older: PastAttempt | None, one: PastAttempt) -> str:
    if older is None or not one.has_colour or (older.outcome in FAILING) == (one.outcome in FAILING):
        return ""
    if not one.known or not older.known:
        return "changed colour"
    if older.known == one.known:
        return "flaky: nothing known changed"
    if older.revision != one.revision:
        return f"changed colour: revision {older.revision or '-'} is now {one.revision or '-'}"
    return "changed colour: sources or environment changed"


def _row(
    glyphs: Glyphs, iteration: int, revision: str | None, outcome: str, duration: float, at: float, why: str
) -> Row:
    mark = MARKS[outcome]  # type: ignore[index]
    return Row(
        (
            Piece(0, f"{iteration:>4}", "strong", True),
            Piece(6, (revision or "-")[:12], "muted"),
            Piece(20, f"{glyphs.of(mark)} {mark.long}", mark.role, mark.role == "bad"),
            Piece(34, precise(duration), "text"),
            Piece(44, time.strftime("%d %b %H:%M", time.localtime(at)), "muted"),
            Piece(58, why, "note" if why.startswith("flaky") else "muted"),
        )
    )
