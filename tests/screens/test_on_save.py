"""`W` turns rerun on save on and off; the board says that it is on, what waits, and what a save has made run."""

from __future__ import annotations

import pytest

from tests.support.board import MIDDLE, SMALL, WIDE, board
from tests.support.deploy import NOW, deploy, passed
from tui import events as e
from tui.client.feed import Company
from tui.protocol import OnSave

ON = e.OnSaveTurned(NOW, True, "ann@pts/3")


@pytest.mark.parametrize("size", [WIDE, MIDDLE, SMALL])
async def test_w_turns_it_on_and_off_and_the_footers_edge_says_that_it_is_on(size: tuple[int, int]) -> None:
    async with board(passed().feed(), size) as seen:
        assert "W on save" not in seen.footer
        await seen.press("W")
        assert seen.feed.sent == [OnSave(True)]
        await seen.tell(ON)
        assert seen.footer.endswith("W on save") and len(seen.text.splitlines()[-1].rstrip()) > size[0] - 4
        await seen.press("W")
        assert seen.feed.sent[-1] == OnSave(False)
        await seen.tell(e.OnSaveTurned(NOW, False, "ann@pts/3"))
        assert "W on save" not in seen.footer


async def test_who_watches_is_told_why_not() -> None:
    feed = passed().feed()
    feed.company, feed.read_only = Company(driver="bob@pts/4"), "bob@pts/4 drives"
    async with board(feed) as seen:
        await seen.tell(ON)
        assert seen.footer.endswith("W on save"), "how it is they see too"
        await seen.press("W")
        assert seen.footer.startswith("you can only watch: bob@pts/4 drives; K asks for the keys ") and not feed.sent


async def test_an_iteration_that_is_over_has_nothing_on() -> None:
    async with board(passed().feed()) as seen:
        await seen.tell(ON)
        assert "W on save" in seen.text
        await seen.tell(e.IterationEnded(NOW))
        assert "W on save" not in seen.text


@pytest.mark.parametrize("size", [WIDE, MIDDLE])
async def test_a_save_that_waits_says_so_until_its_tests_run(size: tuple[int, int]) -> None:
    made = deploy()
    async with board(made.feed(), size) as seen:
        await seen.tell(ON, e.FilesSaved(NOW, ("tests/ws/test_upgrade.py",), 1, waits=True))
        row = seen.row("saved")
        assert ("waits for the tests that run  tests/" if size == WIDE else "waits for the tests that run") in row
        tests = tuple(made.ids["P1"][:2])
        await seen.tell(
            e.PassEnded(NOW, 1), e.PassBegan(NOW, 2, tests, NOW, f"{e.SAVED}tests/ws/test_upgrade.py", "failed")
        )
        assert "waits for" not in seen.text


async def test_what_a_save_has_run_again_is_named_while_it_runs() -> None:
    made = passed()
    async with board(made.feed()) as seen:
        await seen.tell(ON, e.PassBegan(NOW, 2, (1, 2), NOW, f"{e.SAVED}app/\x1b[31mauth.py", "failed"))
        assert "2 tests again" in seen.row("saved") and "auth.py" in seen.row("saved")


async def test_why_nothing_runs_stands_there_for_a_while() -> None:
    async with board(passed().feed()) as seen:
        await seen.tell(ON, e.FilesSaved(NOW, ("app/auth.py",), 1, why_not="nothing has failed"))
        assert "nothing has failed" in seen.row("saved")
        seen.now += 60
        await seen.settle()
        assert "app/auth.py" not in seen.text
