"""Themes can be read: by their contrast, and by eyes that don't tell red from green."""

from __future__ import annotations

from itertools import combinations
from typing import get_args

import pytest

from tui import options
from tui.widgets.ink import Depth, Ink, Role, Theme

READ: tuple[Role, ...] = ("strong", "text", "muted", "bad", "good", "warn", "run", "note")
Rgb = tuple[float, float, float]

# What deuteranopes and protanopes see of linear RGB, wholly: Machado, Oliveira and Fernandes 2009, severity 1.0.
BLINDNESS = {
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
}  # fmt: skip


def linear(theme: Theme, role: Role, on: str = "bg") -> Rgb:
    style = Ink(theme, "true").style(role, on=on)  # type: ignore[arg-type]
    assert style.color is not None
    red, green, blue = style.color.get_truecolor()
    return _linear(red), _linear(green), _linear(blue)


def ground(theme: Theme, on: str) -> Rgb:
    style = Ink(theme, "true").style("text", on=on)  # type: ignore[arg-type]
    assert style.bgcolor is not None
    red, green, blue = style.bgcolor.get_truecolor()
    return _linear(red), _linear(green), _linear(blue)


def _linear(channel: int) -> float:
    share = channel / 255
    return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4


def luminance(colour: Rgb) -> float:
    return 0.2126 * colour[0] + 0.7152 * colour[1] + 0.0722 * colour[2]


def contrast(one: Rgb, other: Rgb) -> float:
    """As WCAG 2 has it: 1 to 21."""
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def seen(colour: Rgb, blindness: str) -> Rgb:
    red, green, blue = (
        max(0.0, min(1.0, sum(share * part for share, part in zip(row, colour, strict=True))))
        for row in BLINDNESS[blindness]
    )
    return red, green, blue


def apart(one: Rgb, other: Rgb) -> float:
    """Euclid's distance in CIE L*a*b*: about 2 is just seen, 20 is plainly another colour."""
    return sum((a - b) ** 2 for a, b in zip(_lab(one), _lab(other), strict=True)) ** 0.5


def _lab(colour: Rgb) -> Rgb:
    red, green, blue = colour
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089
    fx, fy, fz = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


@pytest.mark.parametrize("theme", get_args(Theme))
@pytest.mark.parametrize("role", READ)
def test_what_is_read_has_contrast(theme: Theme, role: Role) -> None:
    least = 7.0 if theme == "contrast" else 4.4
    assert contrast(linear(theme, role), ground(theme, "bg")) >= least


@pytest.mark.parametrize("on", ["sel", "band", "badbg"])
@pytest.mark.parametrize("role", ["strong", "text"])
def test_in_high_contrast_also_on_other_grounds(role: Role, on: str) -> None:
    assert contrast(linear("contrast", role, on), ground("contrast", on)) >= 7.0


@pytest.mark.parametrize("blindness", BLINDNESS)
@pytest.mark.parametrize("one, other", list(combinations(("bad", "good", "warn", "run"), 2)))
def test_states_are_told_apart_without_telling_red_from_green(blindness: str, one: Role, other: Role) -> None:
    a, b = (seen(linear("colour-blind", role), blindness) for role in (one, other))
    assert apart(a, b) >= 20


def test_the_plain_dark_theme_would_not_do() -> None:
    """Or the test above could not fail."""
    pairs = combinations(("bad", "good", "warn", "run"), 2)
    assert any(apart(*(seen(linear("dark", role), "deuteranopia") for role in pair)) < 20 for pair in pairs)


@pytest.mark.parametrize("theme", get_args(Theme))
@pytest.mark.parametrize("depth", get_args(Depth))
def test_every_theme_has_every_depth(theme: Theme, depth: Depth) -> None:
    ink = Ink(theme, depth)
    for role in READ:
        assert (ink.style(role).color is None) <= (depth in {"none", "16"})
    assert ink.style("strong", on="flag-bad").bold


def test_the_option_names_them_all() -> None:
    assert set(options.THEMES) == {"auto", "terminal", *get_args(Theme)}
