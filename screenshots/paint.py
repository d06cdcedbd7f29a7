"""Paints a screen to a PNG cell by cell, as a terminal would: what Textual's own SVG leaves to the browser's font."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from rich.cells import cell_len
from rich.color import Color
from rich.terminal_theme import DIMMED_MONOKAI
from textual.strip import Strip

WIDTH, HEIGHT, SIZE, MARGIN = 10, 21, 16, 12
FONTS = "/usr/share/fonts/truetype/dejavu/DejaVuSansMono{}.ttf"
"""Debian's fonts-dejavu-core."""

_EIGHTHS = {"▁": 1, "▂": 2, "▃": 3, "▄": 4, "▅": 5, "▆": 6, "▇": 7, "█": 8}


def paint(strips: Sequence[Strip], path: Path) -> None:
    """Write the picture of a screen's rows."""
    fonts = {bold: ImageFont.truetype(FONTS.format("-Bold" if bold else ""), SIZE) for bold in (False, True)}
    first = next(iter(strips[0])).style
    ground = _rgb(first.bgcolor if first else None, (16, 19, 23))
    size = (strips[0].cell_length * WIDTH + 2 * MARGIN, len(strips) * HEIGHT + 2 * MARGIN)
    image = Image.new("RGB", size, ground)
    draw = ImageDraw.Draw(image)
    for row, strip in enumerate(strips):
        column = 0
        for text, style, _ in strip:
            ink = _rgb(style.color if style else None, (217, 222, 229))
            paper = _rgb(style.bgcolor if style else None, ground)
            if style and style.reverse:
                ink, paper = paper, ink
            for character in text:
                x, y = MARGIN + column * WIDTH, MARGIN + row * HEIGHT
                cells = cell_len(character)
                draw.rectangle((x, y, x + cells * WIDTH - 1, y + HEIGHT - 1), fill=paper)
                _character(draw, character, x, y, ink, fonts[bool(style and style.bold)])
                column += cells
    image.save(path, optimize=True)


def _character(
    draw: ImageDraw.ImageDraw, character: str, x: int, y: int, ink: tuple[int, int, int], font: ImageFont.FreeTypeFont
) -> None:
    """Bars and blocks fill their cells exactly; the rest is the font's."""
    right, bottom, middle = x + WIDTH - 1, y + HEIGHT - 1, y + HEIGHT // 2
    gap = 1 if character in "▁▂▃▅▆▇" else 0
    shapes = {
        "▀": (x, y, right, middle - 1),
        "▄": (x, middle, right, bottom),
        "▌": (x, y, x + WIDTH // 2 - 1, bottom),
        "━": (x, middle - 1, right, middle + 1),
        "─": (x, middle, right, middle),
        "┃": (x + 4, y, x + 5, bottom),
    }
    if character in shapes:
        draw.rectangle(shapes[character], fill=ink)
    elif character in _EIGHTHS:
        draw.rectangle((x, bottom + 1 - HEIGHT * _EIGHTHS[character] // 8, right - gap, bottom), fill=ink)
    elif character != " ":
        draw.text((x, y + 1), character, font=font, fill=ink)


def _rgb(color: Color | None, default: tuple[int, int, int]) -> tuple[int, int, int]:
    if color is None or color.is_default:
        return default
    found = color.get_truecolor(DIMMED_MONOKAI)
    return found.red, found.green, found.blue
