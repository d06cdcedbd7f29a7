"""One viewer drives, the others watch and may ask for the keys."""

from __future__ import annotations

from tests.support.board import board
from tests.support.deploy import deploy
from tui.client.feed import Company
from tui.protocol import GiveKeys, WantKeys

ANN, BOB = "ann@pts/3 from 10.0.0.7", "bob@pts/4"


async def test_a_watcher_sees_who_drives_and_asks_for_the_keys() -> None:
    made = deploy().feed()
    made.company, made.read_only = Company(driver=ANN), f"{ANN} drives"
    async with board(made) as seen:
        assert f"{ANN} drives" in seen.row("RUNNING")
        assert "K ask for the keys" in seen.footer and "rerun" not in seen.footer
        await seen.press("f")
        assert seen.footer == f"you can only watch: {ANN} drives; K asks for the keys" and not made.sent
        await seen.press("K")
        assert made.sent == [WantKeys()] and "asked for the keys" in seen.footer


async def test_the_driver_is_asked_and_hands_them_over() -> None:
    made = deploy().feed()
    async with board(made) as seen:
        made.company = Company(watchers=(BOB,), asking=BOB)
        await seen.settle()
        assert seen.footer.startswith(f"{BOB} asks for the keys of this session.")
        assert f"{BOB} watches" in seen.row("RUNNING")
        await seen.press("y")
        assert made.sent == [GiveKeys(True)]


async def test_the_driver_may_keep_them_or_answer_later() -> None:
    made = deploy().feed()
    async with board(made) as seen:
        made.company = Company(watchers=(BOB,), asking=BOB)
        await seen.settle()
        await seen.press("escape")
        await seen.settle()
        assert "asks for the keys" not in seen.footer, "once is enough"
        await seen.press("K")
        assert "asks for the keys" in seen.footer
        await seen.press("k")
        assert made.sent == [GiveKeys(False)]


async def test_a_question_that_is_open_is_answered_first() -> None:
    made = deploy().feed()
    async with board(made) as seen:
        await seen.press("a")
        made.company = Company(watchers=(BOB,), asking=BOB)
        await seen.settle()
        assert seen.footer.startswith("Run all 466 tests again?")
        await seen.press("escape")
        assert "asks for the keys" in seen.footer


async def test_what_was_decided_is_said_once() -> None:
    made = deploy().feed()
    async with board(made) as seen:
        made.company = Company(watchers=(ANN,), told=f"{ANN} handed the keys to {BOB}")
        await seen.settle()
        assert seen.footer == f"{ANN} handed the keys to {BOB}"
        await seen.press("K")
        assert seen.footer == f"you drive, {ANN} watches"


async def test_alone_one_drives() -> None:
    async with board(deploy().feed()) as seen:
        await seen.press("K")
        assert seen.footer == "you drive, and nobody else watches"
