"""Every screen at every size, in one golden file a screen, that says first what goes where there is less room."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from tests.screens.snapshots import matches
from tests.screens.test_actions import DONE, acting
from tests.screens.test_away import earlier
from tests.screens.test_iterations import feed as iterations
from tests.support.board import Board, board
from tests.support.deploy import NOW, deploy
from tests.support.feed import ScriptedFeed
from tui.client.looks import Look
from tui.reports.lines import Lines

SIZES = ((200, 50), (160, 45), (120, 35), (100, 30), (80, 24), (60, 20), (40, 12), (30, 10))
BOARD: dict[str, tuple[str, ...]] = {
    "board": (),
    "tests": ("enter",),
    "search": ("slash", *"failing"),
    "question": ("a",),
    "failure": ("n", "enter"),
    "failure-compared": ("n", "n", "enter"),
    "failure-output": ("n", "enter", "2"),
    "failure-attempts": ("n", "enter", "3"),
    "tier": ("z",),
    "report": ("R",),
    "help": ("question_mark",),
    "palette": ("colon",),
    "stream": ("s",),
}
"""Screens of the deploy, by the keys that lead there."""
OTHERS = ("iterations", "output", "away")
SCREENS = (*BOARD, *OTHERS)


def shown(screen: str) -> tuple[ScriptedFeed, tuple[str, ...], Look | None]:
    """What is watched, the keys that lead there, and since when."""
    if screen == "iterations":
        return iterations(), ("i",), None
    if screen == "output":
        return acting(*DONE).feed(), ("o",), None
    if screen == "away":
        feed, then = earlier(30)
        return feed, (), Look(7, then.seq, NOW - 200)
    return deploy().feed(), BOARD[screen], None


GOES = {
    "board": "the flag, tests and workers; tiers' words; tiers that pass; the groups' tiers; all but verdict, counts",
    "tests": "the panel, for a screen of its own; a test's suite; its time",
    "search": "the hint's words; tests beside tiers, for a screen of their own",
    "question": "the middle of what is asked; never its answers",
    "failure": "what stands aside; places and suites; the title's rows",
    "failure-compared": "what stands aside; expected beside got; the title's rows",
    "failure-output": "what stands aside; the title's rows",
    "failure-attempts": "what stands aside; the worker; phases",
    "tier": "what runs and fails beside it; gate and trend",
    "report": "the ends of tables; sentences are broken",
    "help": "the place beside the keys: sentences go below them",
    "palette": "the ends of sentences; the keys' column",
    "stream": "nothing: lines are broken",
    "iterations": "the lists aside; digits; times and counts; revisions",
    "output": "the command; the times",
    "away": "nothing: sentences are broken",
}
"""What a screen drops as it gets narrower, in that order."""


async def at_every_size(seen: Board, screen: str) -> str:
    parts = [f"Goes first: {GOES[screen]}."]
    for width, height in SIZES:
        await seen.resize(width, height)
        rows = seen.text.split("\n")
        assert len(rows) == height and all(cell_len(row) <= width for row in rows)
        parts.append(f"{f' {width} x {height} ':=^{width}}\n{seen.text}")
    return "\n".join(parts)


@pytest.mark.parametrize("ascii", [False, True], ids=["utf-8", "ascii"])
@pytest.mark.parametrize("screen", SCREENS)
async def test_a_screen_at_every_size(screen: str, ascii: bool) -> None:
    feed, keys, since = shown(screen)
    async with board(feed, (160, 45), ascii=ascii, since=since, lines=Lines().of) as seen:
        await seen.press(*keys)
        text = await at_every_size(seen, screen)
        assert text.isascii() or not ascii
        matches(text, f"sizes/{screen}{'-ascii' * ascii}")


@pytest.mark.parametrize("screen", SCREENS)
async def test_a_screen_that_was_as_small_as_can_be_is_as_it_was(screen: str) -> None:
    feed, keys, since = shown(screen)
    async with board(feed, (160, 45), since=since, lines=Lines().of) as seen:
        await seen.press(*keys)
        before = seen.text
        for size in ((1, 1), (2, 500), (500, 2), (160, 45)):
            await seen.resize(*size)
        assert seen.text == before


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("screen", ["board", "failure-compared", "iterations", "help"])
async def test_the_colours_of_a_screen(screen: str, theme: str) -> None:
    """A letter a style, in the order they come; light and dark differ in colours and in nothing else."""
    feed, keys, since = shown(screen)
    async with board(feed, (80, 24), theme=theme, since=since) as seen:
        await seen.press(*keys)
        matches(_styles(seen), f"styles/{screen}-{theme}")


def _styles(seen: Board) -> str:
    letters: dict[str, str] = {}
    rows = []
    for strip in seen.app.screen._compositor.render_strips():
        row = ""
        for text, style, _ in strip:
            name = str(style)
            letters.setdefault(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"[len(letters)])
            row += letters[name] * cell_len(text)
        rows.append(row)
    return "\n".join([*rows, "", *(f"{letter} {name}" for name, letter in letters.items())])
