"""Colour roles, and what they are in this terminal: truecolor, 256 colours, 16, or none at all.

Widgets name roles and never a colour. Each table is picked by hand; nothing is rounded, because
over SSH 256 colours is the normal case and rounding makes greys green.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

from rich.color import Color
from rich.style import Style

Role: TypeAlias = Literal[
    "strong", "text", "muted", "faint", "hair", "bad", "good", "goodq", "warn", "run", "note"
]  # fmt: skip
Ground: TypeAlias = Literal["bg", "sel", "band", "badbg", "flag-bad", "flag-good", "flag-warn"]
Depth: TypeAlias = Literal["true", "256", "16", "none"]
Theme: TypeAlias = Literal["dark", "light", "contrast", "colour-blind"]

_NAMES = (
    "bg", "sel", "band", "badbg", "strong", "text", "muted", "faint", "hair",
    "bad", "good", "goodq", "warn", "run", "note",
)  # fmt: skip

_TABLES: dict[tuple[str, str], str] = {
    ("dark", "true"): "101317 1d2833 171b21 3a1a1a f5f7fa d9dee5 8b95a3 6b7583 2a313a"
    " ff6b61 79b98a 4e7f5f e6b450 6fb3f2 c39ae0",
    ("light", "true"): "fbfaf7 e3edf7 f4f2ec f8e1de 0e1116 2a2f36 68717d 838b95 dcd9d0"
    " c62b21 2f7d4f 4f8766 946200 1765b8 7a45ad",
    ("dark", "256"): "233 236 234 52 231 253 246 243 237 203 108 65 179 75 176",
    ("light", "256"): "231 254 255 224 16 235 242 244 252 160 29 65 94 25 97",
    ("dark", "16"): "- - - - 15 - - 8 8 9 2 2 3 6 5",
    ("light", "16"): "- - - - 0 - - 8 8 1 2 2 3 4 5",
    ("contrast", "true"): "000000 003a5c 1a1a1a 5c0000 ffffff ffffff d4d4d4 bcbcbc 8a8a8a"
    " ff8a80 87ffaf 87d7a0 ffd75f 87cfff e0b8ff",
    ("contrast", "256"): "16 24 234 52 231 231 252 250 244 210 121 115 221 117 183",
    ("contrast", "16"): "- - - - 15 15 7 7 8 9 10 10 11 12 13",
    ("colour-blind", "true"): "101317 1d2833 171b21 3a2410 f5f7fa d9dee5 8b95a3 6b7583 2a313a"
    " ff7f20 2fbfa0 268a75 f5e663 6fb3ff e3a0cf",
    ("colour-blind", "256"): "233 236 234 52 231 253 246 243 237 208 43 36 227 75 176",
    ("colour-blind", "16"): "- - - - 15 - - 8 8 9 6 6 11 12 13",
    ("dark", "none"): "- - - - - - - - - - - - - - -",
    ("light", "none"): "- - - - - - - - - - - - - - -",
    ("contrast", "none"): "- - - - - - - - - - - - - - -",
    ("colour-blind", "none"): "- - - - - - - - - - - - - - -",
}

_ON_FLAG: dict[tuple[str, str], str] = {
    ("dark", "true"): "180302",
    ("light", "true"): "ffffff",
    ("dark", "256"): "16",
    ("light", "256"): "231",
    ("dark", "16"): "0",
    ("light", "16"): "15",
    **{
        (theme, depth): ink
        for theme in ("contrast", "colour-blind")
        for depth, ink in (("true", "000000"), ("256", "16"), ("16", "0"))
    },
}
_FLAGS = {"flag-bad": "bad", "flag-good": "good", "flag-warn": "warn"}


class Ink:
    """The styles of one theme at one colour depth."""

    def __init__(self, theme: Theme = "dark", depth: Depth = "true") -> None:
        self.theme = theme
        self.depth = depth
        names = zip(_NAMES, _TABLES[theme, depth].split(), strict=True)
        self._colours = {name: _colour(value) for name, value in names}
        self._styles: dict[tuple[str, bool, str], Style] = {}
        self.base = self.style("text")

    def style(self, role: Role, *, bold: bool = False, on: Ground = "bg") -> Style:
        """How text of a role looks on a ground."""
        known = self._styles.get((role, bold, on))
        if known is None:
            known = self._styles[role, bold, on] = self._make(role, bold, on)
        return known

    def _make(self, role: Role, bold: bool, on: Ground) -> Style:
        if on in _FLAGS:
            if self.depth == "none":
                return Style(bold=True, reverse=True)
            return Style(color=_colour(_ON_FLAG[self.theme, self.depth]), bgcolor=self._colours[_FLAGS[on]], bold=True)
        return Style(color=self._colours[role], bgcolor=self._colours[on], bold=bold or None)


def _colour(value: str) -> Color | None:
    if value == "-":
        return None
    return Color.parse(f"#{value}") if len(value) == 6 else Color.from_ansi(int(value))


def depth_of(environ: Mapping[str, str]) -> Depth:
    """How many colours the terminal is known to have."""
    if environ.get("NO_COLOR"):
        return "none"
    if environ.get("COLORTERM", "").lower() in {"truecolor", "24bit"}:
        return "true"
    term = environ.get("TERM", "")
    if "256" in term or term.partition("-")[0] in {"kitty", "alacritty", "foot", "wezterm", "ghostty", "tmux"}:
        return "256"
    return "16"
