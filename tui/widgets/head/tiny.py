"""The verdict, why, and how many, where there is no room for a board: below 40 columns or 12 rows."""

from __future__ import annotations

from textual.strip import Strip

from tui.reports.sentences import sentence
from tui.widgets.document import wrapped
from tui.widgets.head.progress import entries
from tui.widgets.marks import MARKS
from tui.widgets.view import View


def tiny_rows(view: View, first: Strip, width: int, height: int) -> list[Strip]:
    """``first``: the pill's row. What comes first is what goes last."""
    strips = [first]
    counts = entries(view)
    room = max(1, height - 1 - min(len(counts), 3))
    for words in wrapped(view.verdict.reasons[0], width)[:room]:
        line = view.line(width)
        line.put(0, words, "strong", bold=True)
        strips.append(line.strip())
    for entry in counts:
        line = view.line(width)
        line.put(0, entry.glyph, entry.role)
        line.put(2, str(entry.count), entry.role, bold=entry.bold)
        line.say(entry.word, "muted", gap=1)
        strips.append(line.strip())
    for group in view.groups:
        line = view.line(width)
        line.put(0, view.glyphs.of(MARKS["failed"]), "bad")
        line.put(2, sentence(group.signature), "text")
        strips.append(line.strip())
    return strips[:height]
