"""Where warm and cold disagree, or a warm failure is still to be confirmed, the board says so."""

from __future__ import annotations

import pytest

from tests.scripted import Script, disagreement, simple
from tests.support.board import MIDDLE, SMALL, WIDE, board
from tests.support.feed import ScriptedFeed

SAYS = "disagrees: failed when warm, passed when cold, which counts"


@pytest.mark.parametrize("size", [WIDE, MIDDLE])
async def test_a_disagreement_has_a_mark_of_its_own_and_the_failure_screen_says_what_each_said(
    size: tuple[int, int],
) -> None:
    async with board(ScriptedFeed(disagreement().events), size) as seen:
        if size != WIDE:
            await seen.press("enter")
        row = seen.row("≠ differs")
        assert "test_0" in row and row.rstrip().endswith("·✗≠")
        await seen.press("slash", *"differs", "enter")
        assert "1 test of 2" in seen.text and "test_0" in seen.text
        await seen.press("enter")
        assert "≠ passed, cold" in seen.text and "attempt 3 of 3, failed when warm" in seen.text
        if size == WIDE:
            assert "warm  does not count" in seen.text and "cold  ≠ differs" in seen.text
        said = " ".join(seen.text.split())
        assert SAYS in said and "once its cause is mended: stagewatch trust tests/x.py" in said
        await seen.press("left_square_bracket")
        assert "assert 1 == 2" in seen.text
        assert "counts when a fresh process confirms it" in seen.text
        await seen.press("2")
        assert SAYS in seen.text and "counts when a fresh process confirms it" in seen.text
        assert "warm, generation 1, 2.00s old" in seen.text


async def test_in_ascii_it_is_ascii() -> None:
    async with board(ScriptedFeed(disagreement().events), ascii=True) as seen:
        assert "test_0" in seen.row("% differs") and seen.text.isascii()


async def test_the_head_says_that_they_disagree_when_nothing_is_worse() -> None:
    async with board(ScriptedFeed(disagreement().events)) as seen:
        assert "warm and cold disagree about tests/x.py::test_0" in seen.row("notice")


def waiting() -> Script:
    return simple("passed", "passed").asked([1]).ran(1, "failed", "assert 1 == 2", unconfirmed=True, age=2.0)


@pytest.mark.parametrize("size", [WIDE, MIDDLE, SMALL])
async def test_a_warm_failure_is_no_failure_of_its_tier_while_it_waits_nor_ever_a_pass(size: tuple[int, int]) -> None:
    async with board(ScriptedFeed(waiting().events), size) as seen:
        assert "NO-GO" not in seen.text and "FAILING" not in seen.text
    script = waiting().pass_ended(cancelled=True)
    async with board(ScriptedFeed(script.events), size) as seen:
        assert "NO-GO" not in seen.text and "FAILING" not in seen.text
        if size != SMALL:
            assert "unsure" in seen.row("P1") and "tolerated" not in seen.text and "allowed" not in seen.text
            assert "1 warm failure was not confirmed" in seen.text


async def test_what_blocks_are_the_failures_that_count() -> None:
    """Of a tier that blocks, ``!`` shows what does: not the warm failure that waits for a fresh process."""
    script = simple("failed", "passed").asked([2]).ran(2, "failed", "assert 1 == 2", unconfirmed=True, age=2.0)
    async with board(ScriptedFeed(script.events)) as seen:
        await seen.press("!")
        rows = seen.text.splitlines()[8:]
        assert any("fail test_0" in row for row in rows) and not any("test_1" in row for row in rows)
