"""The verdict in letters of half blocks: the one loud thing on the screen.

Eight dots high in four rows. GO and NO-GO are heavy; INCONCLUSIVE is thin, as unsure as it is.
"""

from __future__ import annotations

from functools import cache

from tui.gate import Answer
from tui.widgets.ink import Ground, Role

WORDS: dict[Answer, str] = {"go": "GO", "no-go": "NO-GO", "inconclusive": "INCONCLUSIVE"}
GROUNDS: dict[Answer, Ground] = {"go": "flag-good", "no-go": "flag-bad", "inconclusive": "flag-warn"}
ROLES: dict[Answer, Role] = {"go": "good", "no-go": "bad", "inconclusive": "warn"}
GLYPHS: dict[Answer, tuple[str, str]] = {"go": ("✓", "v"), "no-go": ("✗", "X"), "inconclusive": ("?", "?")}

_HEAVY = {
    "G": " #### /##  ##/##    /## ###/##  ##/ #### ",
    "O": " #### /##  ##/##  ##/##  ##/##  ##/ #### ",
    "N": "##  ##/### ##/######/## ###/##  ##/##  ##",
    "-": "    /    /####/####/    /    ",
}
_THIN = {
    "I": "#/#/#/#/#/#",
    "N": "#  #/## #/# ##/#  #/#  #/#  #",
    "C": "###/#  /#  /#  /#  /###",
    "O": "###/# #/# #/# #/# #/###",
    "L": "#  /#  /#  /#  /#  /###",
    "U": "# #/# #/# #/# #/# #/###",
    "S": "###/#  /###/  #/  #/###",
    "V": "# #/# #/# #/# #/# #/ # ",
    "E": "###/#  /## /#  /#  /###",
}
_HALVES = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}


@cache
def letters(answer: Answer) -> tuple[str, str, str, str]:
    """Four rows of half blocks, all of the same length, without a margin."""
    font = _THIN if answer == "inconclusive" else _HEAVY
    drawn = [font[letter].split("/") for letter in WORDS[answer]]
    dots = [" ".join(letter[row] for letter in drawn) for row in range(6)]
    blank = " " * len(dots[0])
    padded = [blank, *dots, blank]
    rows = [
        "".join(_HALVES[up == "#", down == "#"] for up, down in zip(padded[y], padded[y + 1], strict=True))
        for y in range(0, 8, 2)
    ]
    return rows[0], rows[1], rows[2], rows[3]


def flag(answer: Answer, *, ascii: bool, room: int) -> tuple[str, str, str, str]:
    """The four rows of the flag with its margins; spaced capitals where half blocks or room are missing."""
    width = 38 if answer != "inconclusive" else 51
    if not ascii and width <= room:
        rows = letters(answer)
        left = (width - len(rows[0])) // 2
        first, second, third, fourth = ((" " * left + row).ljust(width) for row in rows)
        return first, second, third, fourth
    spaced = " ".join(WORDS[answer])
    width = min(38, room)
    blank = " " * width
    return blank, spaced.center(width), blank, blank
