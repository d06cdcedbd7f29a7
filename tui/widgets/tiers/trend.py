"""Failures per iteration, oldest first, this one last: near zero it is a calm line."""

from __future__ import annotations

from tui.widgets.line import Line

COLUMNS = 7


def put_trend(line: Line, x: int, earlier: tuple[int, ...], now: int) -> None:
    """Draw the latest six iterations and this one. Old failures are grey, today's are red."""
    steps = line.glyphs.trend
    values = [*earlier[-(COLUMNS - 1) :], now]
    most = max(3, *values)
    x += COLUMNS - len(values)
    for place, value in enumerate(values):
        level = 0 if not value else value if line.glyphs.ascii else max(1, round(value / most * (len(steps) - 1)))
        glyph = steps[min(level, len(steps) - 1)]
        today = place == len(values) - 1
        x = line.put(x, glyph, "hair" if not value else "bad" if today else "muted", bold=today and bool(value))
