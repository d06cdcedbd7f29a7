"""What of this machine a run depends on: the folder of its journal, and the terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from tui import places, viewing
from tui.errors import StagewatchError
from tui.journal.journal import Journal
from tui.reports.examination import Remark, Terminal
from tui.widgets.marks import locale_wants_ascii

_SMALLEST = (40, 12)
"""Columns and rows in which the board is usable."""
_COLOURS = {"standard": 16, "256": 256, "truecolor": 1 << 24}


def journal(root: Path) -> tuple[str | None, list[Remark]]:
    """The folder of a project's journal, None where it can't be kept: found out by opening it, as a run does; and which
    modules run cold by what it remembers.
    """
    try:
        folder = places.project_folder(root)
        with Journal.open(folder) as opened:
            return str(folder), [_disagreed(path, iteration) for path, (iteration, _) in opened.distrusted().items()]
    except StagewatchError as error:
        return None, [Remark("journal", True, str(error))]


def _disagreed(path: str, iteration: int) -> Remark:
    what = f"{path} runs cold: warm and cold disagreed about one of its tests (iteration {iteration})"
    return Remark("disagreement", True, what, f"find what it makes at import; once mended: stagewatch trust {path}")


def terminal(environ: Mapping[str, str]) -> tuple[Terminal, list[Remark]]:
    """What the board would be drawn on."""
    from rich.console import Console

    try:
        columns, rows = os.get_terminal_size(sys.__stdout__.fileno() if sys.__stdout__ else -1)
    except (OSError, ValueError):
        columns, rows = 0, 0
    colours = 0 if environ.get("NO_COLOR") else _COLOURS.get(Console(file=sys.__stdout__).color_system or "", 0)
    wants_ascii, _ = locale_wants_ascii(environ)
    found = Terminal(not viewing.is_plain(False), columns, rows, colours, not wants_ascii)
    remarks = []
    if found.board and wants_ascii:
        remarks.append(Remark("terminal", False, "the locale is not UTF-8: the board is drawn in ASCII",
                              "set LANG to one that is, such as C.UTF-8"))  # fmt: skip
    if found.board and columns and (columns < _SMALLEST[0] or rows < _SMALLEST[1]):
        least = f"{_SMALLEST[0]} columns and {_SMALLEST[1]} rows"
        remarks.append(Remark("terminal", False, f"the terminal is small: the board needs {least} to be of use"))
    return found, remarks
