"""Numbers in digits of half blocks, three rows high."""

from __future__ import annotations

from functools import cache

_DOTS = {
    "0": "####/#  #/#  #/#  #/####",
    "1": "  # / ## /  # /  # / ###",
    "2": "####/   #/####/#   /####",
    "3": "####/   #/ ###/   #/####",
    "4": "#  #/#  #/####/   #/   #",
    "5": "####/#   /####/   #/####",
    "6": "####/#   /####/#  #/####",
    "7": "####/   #/  # / #  / #  ",
    "8": "####/#  #/####/#  #/####",
    "9": "####/#  #/####/   #/####",
}
_HALVES = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}
WIDTH = 4


@cache
def digits(number: int) -> tuple[str, str, str]:
    """Three rows of the same length, two cells a dot's width apart."""
    drawn = [_DOTS[figure].split("/") for figure in str(number)]
    dots = [" ".join(figure[row] for figure in drawn) for row in range(5)]
    dots.append(" " * len(dots[0]))
    rows = [
        "".join(_HALVES[up == "#", down == "#"] for up, down in zip(dots[y], dots[y + 1], strict=True))
        for y in (0, 2, 4)
    ]
    return rows[0], rows[1], rows[2]
