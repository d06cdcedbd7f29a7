"""The history of a test: what it did in this iteration and before, and what follows from it."""

from __future__ import annotations

import pytest

from tests.screens.snapshots import matches
from tests.scripted import BEGAN, Script
from tests.support.board import board
from tests.support.feed import ScriptedFeed
from tui.errors import StagewatchError
from tui.events import Outcome
from tui.state.past import Past, PastAttempt

NODE = "tests/x.py::test_login"
SIZES = ("160x45", "120x35", "100x30", "80x24", "60x20", "40x12")


def attempt(iteration: int, outcome: Outcome, known: str, *, number: int = 1, revision: str = "r7") -> PastAttempt:
    return PastAttempt(iteration, revision, BEGAN - 3600 * (4 - iteration), number, "P1", outcome, 0.2, known)


def feed() -> ScriptedFeed:
    script = Script(revision="r8")
    script.found(NODE, usual=0.2)
    script.collected().asked([1]).ran(1, "failed", "assert 403 == 200").pass_ended()
    script.asked([1]).ran(1).pass_ended().asked([1]).ran(1, "failed", "assert 403 == 200").pass_ended()
    made = ScriptedFeed(script.events)
    made.archive.pasts[NODE, 0] = Past(
        NODE,
        0,
        (
            attempt(1, "failed", "a", revision="r6"),
            attempt(1, "passed", "a", number=2, revision="r6"),
            attempt(2, "failed", "b"),
            attempt(2, "skipped", "b", number=2),
            attempt(3, "failed", "b"),  # the iteration that is watched is 3: of it the state knows more
        ),
    )
    return made


@pytest.mark.parametrize("size", SIZES)
async def test_what_follows_first_then_the_newest_attempt(size: str) -> None:
    width, height = map(int, size.split("x"))
    async with board(feed(), (width, height)) as seen:
        await seen.press("n", "enter", "3")
        matches(seen.text, f"history-{size}")


async def test_why_it_changed_colour_is_told_where_it_is_known() -> None:
    async with board(feed()) as seen:
        await seen.press("n", "enter", "3")
        text = seen.text
        assert "3 attempts in this iteration, failed in 2 of 2 before" in text
        assert "fails since iteration 3 (revision r8)" in text and "flaky in 1 of the 2 iterations before" in text
        rows = [line[:100].split() for line in text.splitlines() if line[:8].strip().isdigit()]
        told = [(row[0], row[1], row[3], " ".join(row[9:])) for row in rows]
        assert told == [
            ("3", "r8", "FAILED", "flaky: nothing known changed"),
            ("3", "r8", "passed", "flaky: nothing known changed"),
            ("3", "r8", "FAILED", ""),
            ("2", "r7", "skipped", ""),
            ("2", "r7", "FAILED", "changed colour: revision r6 is now r7"),
            ("1", "r6", "passed", "flaky: nothing known changed"),
            ("1", "r6", "FAILED", ""),
        ]


async def test_a_test_without_a_past_has_no_such_tab() -> None:
    made = feed()
    made.archive.pasts.clear()
    async with board(made) as seen:
        await seen.press("n", "enter")
        assert "Attempts" in seen.text and "History" not in seen.text


async def test_a_journal_that_can_not_be_read_is_no_reason_to_show_no_failure() -> None:
    made = feed()

    async def unreadable(node: str, ordinal: int) -> Past:
        raise StagewatchError("the journal can't be read")

    made.archive.past = unreadable  # type: ignore[method-assign]
    async with board(made) as seen:
        await seen.press("n", "enter")
        assert "assert 403 == 200" in seen.text and "History" not in seen.text
