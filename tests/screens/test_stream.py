"""``s``: the plain stream from where this user last saw it, and back, losing and repeating nothing."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

import pytest

from tests.support.board import MIDDLE, Board, board
from tests.support.deploy import NOW, deploy
from tui import events as e
from tui.reports.lines import Lines
from tui.screens.board import BoardScreen
from tui.screens.said import MOST, Said
from tui.screens.stream import StreamScreen
from tui.state import RunState


class Numbered:
    """A stream that says so many lines at each batch, numbered; every seventh takes more than a row."""

    def __init__(self) -> None:
        self.next, self.many = 0, 0

    def __call__(self, state: RunState, batch: Sequence[e.Event]) -> list[str]:
        lines = [
            f"line {number}." + " and more" * 12 * (number % 7 == 0)
            for number in range(self.next, self.next + self.many)
        ]
        self.next += self.many
        return lines


def in_sight(seen: Board) -> list[int]:
    return [int(number) for number in re.findall(r"\bline (\d+)\.", seen.text)]


async def say(seen: Board, lines: Numbered, many: int) -> None:
    lines.many = many
    await seen.tell(e.Noticed(NOW, "x"))


@pytest.mark.parametrize("seed", range(6))
async def test_over_any_number_of_round_trips_no_line_is_lost_or_repeated(seed: int) -> None:
    chance, lines = random.Random(seed), Numbered()
    async with board(deploy().feed(), MIDDLE, lines=lines) as seen:
        await say(seen, lines, 30)
        await seen.press("s")  # the first time there is nothing to go on from: it is at the end
        read = in_sight(seen)[-1] + 1
        assert read == 30
        await seen.press("s")
        for _ in range(6):
            await say(seen, lines, chance.choice([0, 1, 5, 40, 90]))
            await seen.press("s")
            assert isinstance(seen.screen, StreamScreen)
            shown = in_sight(seen)
            # It begins where the last visit ended; where less than a screen has come since, that is all in sight.
            assert shown[0] == read or (shown[0] < read and shown[-1] == lines.next - 1)
            for _ in range(chance.choice([0, 1, 50])):
                await say(seen, lines, chance.choice([0, 0, 0, 1]))
                await seen.press("pagedown")
                before, shown = shown, in_sight(seen)
                assert shown == list(range(shown[0], shown[-1] + 1)) and shown[0] <= before[-1] + 1
            read = max(read, shown[-1] + 1)
            await seen.press("s")
            assert isinstance(seen.screen, BoardScreen)


async def test_at_another_size_lines_are_broken_anew_and_the_place_is_kept() -> None:
    lines = Numbered()
    async with board(deploy().feed(), MIDDLE, lines=lines) as seen:
        await say(seen, lines, 100)
        await seen.press("s")
        assert in_sight(seen)[-1] == 99
        await seen.press("home", "pagedown")
        last = in_sight(seen)[-1]
        await seen.resize(50, 24)
        assert abs(in_sight(seen)[-1] - last) <= 1
        assert seen.text.count("and more") >= 12
        await seen.press("end")
        await seen.resize(120, 35)
        assert in_sight(seen)[-1] == 99


async def test_it_goes_on_after_the_most_lines_that_are_kept() -> None:
    lines = Numbered()
    async with board(deploy().feed(), MIDDLE, lines=lines) as seen:
        await say(seen, lines, 2 * MOST + 10)
        await seen.press("s")
        assert in_sight(seen)[-1] == 2 * MOST + 9
        for _ in range(3):
            await say(seen, lines, 1)
            assert in_sight(seen)[-1] == lines.next - 1
        await seen.press("home")
        assert f"{MOST + 10} lines before these" in seen.text and in_sight(seen)[0] == MOST + 10


async def test_a_text_is_found_in_it() -> None:
    feed = deploy().feed()
    async with board(feed, MIDDLE, lines=Lines().of) as seen:
        await seen.press("s", "slash")
        await seen.type("refund total")
        await seen.press("enter")
        assert "refund total 19.99 != 20.00" in seen.text and seen.footer.startswith("1 of")
        await seen.press("escape", "escape")
        assert isinstance(seen.screen, BoardScreen)


def test_lines_are_dropped_from_the_front_and_keep_their_numbers() -> None:
    said = Said()
    said.add(str(number) for number in range(2 * MOST))
    assert said.first == 0
    said.add(["last"])
    assert said.total == 2 * MOST + 1 and said.first == MOST + 1
    assert said.since(0)[0] == str(MOST + 1) and said.since(said.total - 1) == ["last"]
