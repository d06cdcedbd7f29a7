"""A result never moves the cursor, the selection or the scroll position."""

from __future__ import annotations

from tests.support.board import MIDDLE, WIDE, Board, board
from tests.support.deploy import NOW, REFUND, deploy
from tui import events as e


def fails(test: int, signature: e.Signature = REFUND, worker: int = 2) -> tuple[e.Event, e.Event]:
    done = e.TestFinished(NOW, test, worker, 1, "failed", NOW, 0.1, message="no", signature=signature)
    return e.TestStarted(NOW, test, worker), done


def marked(seen: Board) -> list[tuple[int, str]]:
    return [(y, row) for y, row in enumerate(seen.text.splitlines()) if "▌" in row and y > 20]


async def test_in_the_tests_of_a_tier() -> None:
    made = deploy()
    async with board(made.feed()) as seen:
        await seen.press("enter", *["down"] * 16)
        before = marked(seen)
        await seen.tell(*fails(made.ids["P1"][5]), *fails(made.ids["P1"][20]))
        after = marked(seen)
        assert [(y, row[103:145]) for y, row in before] == [(y, row[103:145]) for y, row in after]
        assert "5" in seen.row("FAILING  P1")[70:76]


async def test_in_the_failures() -> None:
    made = deploy()
    async with board(made.feed()) as seen:
        await seen.press("n", "n", "n")
        before = marked(seen)
        better = e.Signature("KeyError", "'a'", "x.py:1")
        await seen.tell(*(event for test in made.ids["P1"][10:20] for event in fails(test, better)))
        assert [(y, row[:70]) for y, row in marked(seen)] == [(y, row[:70]) for y, row in before]
        await seen.press("end")
        assert "▌✗ KeyError" in seen.text


async def test_a_mended_group_keeps_its_row_while_one_is_in_the_list() -> None:
    made = deploy()
    refund = made.ids["P1"][2]
    async with board(made.feed()) as seen:
        await seen.press("n", "n")
        await seen.tell(e.TestStarted(NOW, refund, 2), e.TestFinished(NOW, refund, 2, 1, "passed", NOW, 0.1))
        assert "▌✓ none fails now: AssertionError" in seen.text
        await seen.press("enter")
        assert seen.footer == "none of this group fails now"
        await seen.press("escape")
        assert "none fails now" not in seen.text


async def test_in_the_tiers_with_more_tiers_than_rows() -> None:
    made = deploy()
    async with board(made.feed(), (100, 20)) as seen:
        await seen.press("down", "down", "down", "down")
        chosen = seen.screen.query_one("#tiers").cursor  # type: ignore[attr-defined]  # a Tiers
        await seen.tell(*fails(made.ids["P4"][3]), *fails(made.ids["P6"][3]))
        assert seen.screen.query_one("#tiers").cursor == chosen  # type: ignore[attr-defined]  # a Tiers
        assert seen.row("▌").split()[2] == chosen


async def test_failing_tiers_are_never_out_of_sight() -> None:
    made = deploy()
    async with board(made.feed(), MIDDLE) as seen:
        await seen.resize(80, 19)
        for tier in ("P1", "Security", "Contract"):
            assert seen.row(f"✗ FAILING  {tier}")
        assert "tiers pass" in seen.text or "tier passes" in seen.text


async def test_in_a_search_that_is_being_read() -> None:
    made = deploy()
    async with board(made.feed(), WIDE) as seen:
        await seen.press("slash")
        await seen.type("test_case")
        await seen.press("enter", *["down"] * 30)
        before = marked(seen)
        await seen.tell(*fails(made.ids["Scale"][3]))
        assert [(y, row[103:145]) for y, row in before] == [(y, row[103:145]) for y, row in marked(seen)]


async def test_in_a_list_that_nobody_is_in_failures_come_first() -> None:
    made = deploy()
    async with board(made.feed()) as seen:
        await seen.tell(*fails(made.ids["P1"][24]))
        rows = [row[105:111] for row in seen.text.splitlines()[23:28]]
        assert rows == ["✗ fail"] * 4 + ["▸ run "]
