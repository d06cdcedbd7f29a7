"""Where everything stands: the screen's regions and the columns that are shared between them.

A pure function of the size and of how many rows tiers and workers want, so that a layout changes
when the terminal or the plan does, never because a result came in.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from textual.geometry import Region

Mode = Literal["wide", "middle", "small", "tiny"]

MARGIN = 2
RIGHT = 53
"""Columns of the right column at 160: from the axis (105) to the margin."""
PINNING = 200
"""Columns from which on pinned tiers have a place beside the board, which keeps at least 150."""


@dataclass(frozen=True)
class Grid:
    """``name`` to ``axis`` are the columns of the board, in cells from the left edge of the screen."""

    mode: Mode = "tiny"
    width: int = 0
    height: int = 0
    name: int = 13
    total: int = 28
    bar: int = 33
    bar_width: int = 36
    second: int = 70
    axis: int = 105
    regions: dict[str, Region] = field(default_factory=dict)

    @property
    def edge(self) -> int:
        """The column behind the last one that is written to."""
        return self.width - (MARGIN if self.mode == "wide" else 1)


def arrange(
    width: int, height: int, tiers: int, workers: int, zoomed: bool = False, *,
    actions: bool = False, pinned: bool = False,
) -> Grid:  # fmt: skip
    """The grid for a screen; ``zoomed``: the tests of what is selected have it to themselves.

    ``actions``: the plan has some, which have a row above the footer. ``pinned``: tiers are.
    """
    if pinned and width >= PINNING:
        beside = max(150, min(width - 60, width * 3 // 4))
        grid = arrange(beside, height, tiers, workers, zoomed, actions=actions)
        grid.regions["pinned"] = Region(beside, 0, width - beside, height)
        return grid
    if width < 40 or height < 12:
        return Grid("tiny", width, height, regions={"head": Region(0, 0, width, height)})
    grid = _arranged(width, height, height - actions, tiers, workers, zoomed)
    if actions:
        grid.regions["actions"] = Region(0, height - 2, width, 1)
        grid.regions["footer"] = Region(0, height - 1, width, 1)
    return grid


def _arranged(width: int, height: int, room: int, tiers: int, workers: int, zoomed: bool) -> Grid:
    """``room``: the rows that the panels and the footer have of the screen's ``height``."""
    if width >= 140 and height >= 32:
        grid = _columns(width, height)
        grid.regions.update(_zoomed(width, room, 4) if zoomed else _wide(grid, room, tiers, workers))
        return grid
    if width >= 80 and height >= 18:
        spare = width - 80
        grid = Grid(
            "middle", width, height, name=12, total=56 + spare, bar=23 + spare // 3,
            bar_width=26 + spare - spare // 3, second=50 + spare, axis=71 + spare,
        )  # fmt: skip
        grid.regions.update(_zoomed(width, room, 2) if zoomed else _middle(grid, room, tiers))
        return grid
    grid = Grid("small", width, height)
    grid.regions.update(_zoomed(width, room, 2) if zoomed else _small(grid, room, tiers))
    return grid


def _columns(width: int, height: int) -> Grid:
    spare = width - 160
    names = max(0, spare) // 3
    bar = 36 + min(0, spare)
    shift = names + bar - 36
    return Grid(
        "wide", width, height, total=28 + names, bar=33 + names, bar_width=bar, second=70 + shift, axis=105 + shift
    )


def _wide(grid: Grid, height: int, tiers: int, workers: int) -> dict[str, Region]:
    width = grid.width
    least_lists = 7
    running = min(1 + max(1, workers), 9, height - 8 - 3 - 1 - least_lists - 1 - 2)
    rows = min(tiers, 12 + max(0, height - 45) // 3, height - 9 - 1 - least_lists - 1 - running - 2)
    rows = max(2, rows)
    lists = 8 + 1 + rows + 1
    run_at = height - 2 - running
    tests = grid.axis - MARGIN
    return {
        "head": Region(0, 0, width, 4),
        "progress": Region(0, 5, width, 2),
        "tiers": Region(0, 8, width, 1 + rows),
        "failures": Region(0, lists, tests, run_at - 1 - lists),
        "tests": Region(tests, lists, width - tests, run_at - 1 - lists),
        "running": Region(0, run_at, width, running),
        "footer": Region(0, height - 1, width, 1),
    }


def _middle(grid: Grid, height: int, tiers: int) -> dict[str, Region]:
    width = grid.width
    below = height - 2
    rows = max(2, min(tiers, below - 5 - 1 - 4))
    failures = below - 5 - 1 - rows
    low = grid.height < 24
    top = 5 + (failures + 1 if low else 0)
    return {
        "head": Region(0, 0, width, 2),
        "progress": Region(0, 2, width, 2),
        "tiers": Region(0, top, width, rows),
        "failures": Region(0, 5 if low else top + rows + 1, width, failures),
        "running": Region(0, height - 2, width, 1),
        "footer": Region(0, height - 1, width, 1),
    }


def _small(grid: Grid, height: int, tiers: int) -> dict[str, Region]:
    width = grid.width
    room = height - 5
    rows = min(tiers + 1, (room + 1) // 2)
    return {
        "head": Region(0, 0, width, 2),
        "progress": Region(0, 2, width, 2),
        "tiers": Region(0, 4, width, rows),
        "failures": Region(0, 4 + rows, width, room - rows),
        "footer": Region(0, height - 1, width, 1),
    }


def _zoomed(width: int, height: int, head: int) -> dict[str, Region]:
    start = head + (4 if head == 4 else 3)
    return {
        "head": Region(0, 0, width, head),
        "progress": Region(0, head + (1 if head == 4 else 0), width, 2),
        "tests": Region(0, start, width, height - start - 1 - (1 if height > 20 else 0)),
        "footer": Region(0, height - 1, width, 1),
    }
