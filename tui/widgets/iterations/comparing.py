"""Two iterations compared, as the screen has them: five numbers, and a list for each."""

from __future__ import annotations

from collections.abc import Iterator

from textual.strip import Strip

from tui.events import FAILING
from tui.reports.amounts import many
from tui.reports.sentences import sentence
from tui.reports.summary import failure_words
from tui.state import RunState
from tui.state.comparing import Change, Compared, by_change, by_signature, compare, known_changes
from tui.widgets.amounts import precise
from tui.widgets.document import BLANK, Piece, Row, heading
from tui.widgets.ink import Role
from tui.widgets.iterations.digits import digits
from tui.widgets.line import Line
from tui.widgets.marks import FLAKY, MARKS, Glyphs
from tui.widgets.panel import Panel
from tui.widgets.view import View

NUMBERS: tuple[tuple[Change, str, Role], ...] = (
    ("newly failing", "failed", "bad"), ("still failing", "failed", "bad"), ("fixed", "passed", "good"),
    ("flaky", "flaky", "note"), ("slower", "skipped", "warn"),
)  # fmt: skip
LEFT: tuple[Change, ...] = ("newly failing", "still failing", "fixed", "not yet known", "gone", "new")
RIGHT: tuple[Change, ...] = ("flaky", "slower")
SHORT: dict[Change, str] = {
    "newly failing": "new", "still failing": "still", "fixed": "fixed", "flaky": "flaky", "slower": "slower",
}  # fmt: skip
NAMES = ({change: change for change in SHORT}, SHORT)
"""What the numbers are called, the widest first."""
_MOST_CAUSES = 12
_MOST = 200
"""Tests of one list that are drawn; ``stagewatch compare`` has them all."""


class Comparison:
    """What is different between two states; made once, drawn often."""

    def __init__(self, older: RunState, newer: RunState) -> None:
        self.older, self.newer = older, newer
        self.known = known_changes(older, newer)
        self.found = by_change(compare(older, newer))

    def rows(self, changes: tuple[Change, ...], glyphs: Glyphs, width: int) -> list[Row]:
        """The lists of some changes, those that are not empty."""
        rows: list[Row] = []
        for change in changes:
            if change == "not yet known":
                rows += self._causes(width)
            if tests := self.found[change]:
                rows += [heading(change.upper(), self._about(change, len(tests)))]
                for one in tests[:_MOST]:
                    rows += _test_rows(change, one, glyphs, width)
                if len(tests) > _MOST:
                    rows.append(Row((Piece(0, f"and {many(len(tests) - _MOST, 'more test')}", "faint"),)))
                rows.append(BLANK)
        return rows

    def _causes(self, width: int) -> list[Row]:
        moved = by_signature(self.older, self.newer)
        if not moved:
            return []
        about = f"how many tests fail alike in {self.older.iteration} and in {self.newer.iteration}"
        rows = [heading("BY CAUSE", about)]
        for one in moved[:_MOST_CAUSES]:
            role: Role = "bad" if one.after > one.before else "good" if one.after < one.before else "muted"
            counts = f"{one.before} -> {one.after}"
            rows.append(
                Row((Piece(0, counts, role, True), Piece(13, one.word, "muted"), Piece(29, sentence(one.signature))))
            )
        if len(moved) > _MOST_CAUSES:
            rows.append(Row((Piece(0, f"and {len(moved) - _MOST_CAUSES} more", "faint"),)))
        return [*rows, BLANK]

    def tests(self, changes: tuple[Change, ...]) -> list[Compared]:
        return [one for change in changes for one in self.found[change]]

    def _about(self, change: Change, count: int) -> str:
        older, newer = self.older.iteration, self.newer.iteration
        return {
            "newly failing": f"passed or unknown in {older}, fails in {newer}",
            "still failing": f"fails in both {older} and {newer}",
            "fixed": self.known or "what is declared for it changed",
            "flaky": "changed colour, though nothing known changed",
            "slower": "than usual, noticeably",
            "not yet known": f"not run in {newer} yet, or skipped: whatever it was in {older} is not known to be so",
        }.get(change, many(count, "test"))


class Numbers(Panel):
    """Five numbers, the first thing that is asked of a comparison."""

    def __init__(self, view: View, id: str) -> None:
        super().__init__(view, id)
        self.comparison: Comparison | None = None
        self.trouble = ""

    def rows(self, width: int, height: int) -> list[Strip]:
        if self.comparison is None:
            line = self.line()
            line.put(2, self.trouble or "reading the journal", "warn" if self.trouble else "faint")
            return [line.strip()]
        lines = [self.line() for _ in range(height)]
        self._title(lines[0], width)
        left = 2 if self.view.grid.mode == "wide" else 1
        step = (width - 2 * left) // len(NUMBERS)
        big = height >= 4 and step >= 22 and not self.view.glyphs.ascii
        room = step - 3 - max(len(str(len(self.comparison.found[change]))) for change, _, _ in NUMBERS)
        names = next((names for names in NAMES if max(map(len, names.values())) < room), dict.fromkeys(SHORT, ""))
        for place, (change, mark, role) in enumerate(NUMBERS):
            tests = self.comparison.found[change]
            x = left + place * step
            shade: Role = role if tests else "faint"
            glyph = self.view.glyphs.of(FLAKY if mark == "flaky" else MARKS[mark])  # type: ignore[index]
            if big:
                drawn = digits(len(tests))
                for line, text in zip(lines[-3:], drawn, strict=True):
                    line.put(x, text, shade)
                aside = x + len(drawn[0]) + 3
                lines[-2].put(aside, f"{glyph} {change}", shade, bold=bool(tests), width=step - (aside - x) - 1)
                lines[-1].put(aside, self._of_first_tier(tests), "muted", width=step - (aside - x) - 1)
            elif height > 1:
                words = f"{glyph} {len(tests)} {names[change]}"
                lines[-1].put(x, words, shade, bold=bool(tests), width=step - 1)
        return [line.strip() for line in lines]

    def _title(self, line: Line, width: int) -> None:
        assert self.comparison is not None
        older, newer = self.comparison.older, self.comparison.newer
        line.put(2 if self.view.grid.mode == "wide" else 1, f"Iteration {newer.iteration}", "strong", bold=True)
        line.say(f"against {older.iteration}", "text")
        line.put(line.at + 2, self.comparison.known or "nothing known changed", "muted", width=width - line.at - 4)

    def _of_first_tier(self, tests: list[Compared]) -> str:
        assert self.comparison is not None
        tiers = sorted(self.comparison.newer.tiers.values(), key=lambda tier: tier.order)
        if not tests or not tiers:
            return ""
        among = sum(one.test.tier == tiers[0].id for one in tests)
        return f"{among or 'none'} of them {tiers[0].id}"


def _test_rows(change: Change, one: Compared, glyphs: Glyphs, width: int) -> Iterator[Row]:
    role, glyph = _look(change, glyphs)
    became = _became(change, one)
    test = one.test
    name_at, after = 14 if change == "slower" else 19, max(30, width // 2)
    pieces = [Piece(0, glyph, role), Piece(2, became, role, change == "newly failing")]
    pieces.append(Piece(name_at, test.name, "strong" if change == "newly failing" else "text"))
    said = _said(change, one)
    end = max(after, name_at + len(test.name) + 2)
    if end < width - 8:
        pieces.append(Piece(end, f"{test.tier}  {said}".rstrip(), "muted"))
    yield Row(tuple(pieces))


def _look(change: Change, glyphs: Glyphs) -> tuple[Role, str]:
    for known, mark, role in NUMBERS:
        if known == change:
            return role, glyphs.of(FLAKY if mark == "flaky" else MARKS[mark])  # type: ignore[index]
    return "faint", glyphs.dot


def _became(change: Change, one: Compared) -> str:
    if change == "slower" and one.newer is not None and one.newer.usual:
        return f"{one.newer.attempts[-1].duration / one.newer.usual:.1f}x usual"
    before = "new" if one.older is None else _word(one.older.outcome)
    after = "gone" if one.newer is None else _word(one.newer.outcome)
    return after if one.older is None else before if one.newer is None else f"{before} -> {after}"


def _word(outcome: str) -> str:
    return "FAIL" if outcome in FAILING else MARKS[outcome].word  # type: ignore[index]


def _said(change: Change, one: Compared) -> str:
    if change == "slower" and one.newer is not None and one.newer.usual is not None:
        return f"{precise(one.newer.usual)} -> {precise(one.newer.attempts[-1].duration)}"
    if one.why:
        return one.why
    test = one.newer if one.newer is not None and one.newer.is_failing else one.older
    if test is None or not test.attempts or not test.is_failing:
        return ""
    return failure_words(test.attempts[-1].signature, test.attempts[-1].message)
