"""A plot of a few lines, as SVG that is readable on light and on dark pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_WIDTH, _HEIGHT = 720, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 50, 160, 36, 40
_COLOURS = ("#3b82c4", "#c2703d", "#4a9a5b", "#9a5bb0")
_INK = "#808080"


@dataclass(frozen=True)
class Series:
    name: str
    values: Sequence[float]


def plot(title: str, across: str, xs: Sequence[float], series: Sequence[Series]) -> str:
    """``series`` over ``xs``, from zero up, each line named at its right end."""
    highest = _round_up(max(max(one.values) for one in series))
    right, bottom = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM

    def x(value: float) -> float:
        return _LEFT + (right - _LEFT) * (value - xs[0]) / ((xs[-1] - xs[0]) or 1)

    def y(value: float) -> float:
        return bottom - (bottom - _TOP) * value / highest

    parts = [f'<text x="{_LEFT}" y="18" font-weight="bold">{escape(title)}</text>']
    for step in range(5):
        value = highest * step / 4
        parts.append(
            f'<line x1="{_LEFT}" y1="{y(value):.1f}" x2="{right}" y2="{y(value):.1f}" stroke="{_INK}"'
            f' stroke-opacity=".3"/><text x="{_LEFT - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{value:g}</text>'
        )
    for value in (xs[0], (xs[0] + xs[-1]) / 2, xs[-1]):
        parts.append(f'<text x="{x(value):.1f}" y="{bottom + 16}" text-anchor="middle">{value:g}</text>')
    parts.append(f'<text x="{(_LEFT + right) / 2:.1f}" y="{_HEIGHT - 8}" text-anchor="middle">{escape(across)}</text>')
    for one, colour in zip(series, _COLOURS, strict=False):
        points = " ".join(f"{x(a):.1f},{y(b):.1f}" for a, b in zip(xs, one.values, strict=True))
        parts.append(
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>'
            f'<text x="{right + 8}" y="{y(one.values[-1]) + 4:.1f}" fill="{colour}">{escape(one.name)}</text>'
        )
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif"'
        f' font-size="12" fill="{_INK}">\n{body}\n</svg>\n'
    )


def _round_up(value: float) -> float:
    """To one, two or five times a power of ten."""
    step = 1.0
    while True:
        for factor in (1, 2, 5):
            if value <= step * factor:
                return step * factor
        step *= 10
