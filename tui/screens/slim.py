"""The grid of screens that are not the board: a slim head that stays live, and room below."""

from __future__ import annotations

from dataclasses import replace

from textual.geometry import Region

from tui.widgets.grid import Grid, arrange


def slim(width: int, height: int, *, progress: bool = True) -> Grid:
    """Head, thin bar and a document, with the board's mode and columns."""
    grid = arrange(width, height, 1, 1)
    if grid.mode == "tiny":
        return grid
    head = 1 if grid.mode == "wide" else 2
    regions = {"head": Region(0, 0, width, head), "footer": Region(0, height - 1, width, 1)}
    top = head
    if progress:
        regions["progress"] = Region(0, head, width, 1)
        top += 1
    top += height >= 24
    regions["document"] = Region(0, top, width, height - top - 1 - (height >= 24))
    return replace(grid, regions=regions)
