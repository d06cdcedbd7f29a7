"""The iterations of the project: which are listed, and what is different between any two."""

from __future__ import annotations

import pytest

from tests.screens.snapshots import matches
from tests.scripted import BEGAN, Script
from tests.support.board import Board, board
from tests.support.feed import ScriptedFeed
from tui import events as e
from tui.errors import StagewatchError
from tui.plan.model import Plan, Suite, Target, Tier
from tui.queries import IterationSummary
from tui.screens.board import BoardScreen
from tui.screens.failure import FailureScreen
from tui.screens.iterations import IterationsScreen
from tui.state import RunState
from tui.widgets.iterations.digits import digits

PLAN = Plan(
    source="stagewatch.toml", target=Target(name="staging"),
    tiers=(Tier("P1", "critical", 1), Tier("core", "", 2)), suites=(Suite("s", "P1"), Suite("t", "core")),
)  # fmt: skip
NAMES = ("login", "refund", "export", "audit", "search", "import")
SIZES = ("160x45", "120x35", "100x30", "80x24", "60x20", "40x12", "30x10")


def iteration(number: int, revision: str, outcomes: str, *, digest: str = "d", slow: int = -1) -> Script:
    """One letter a test: passed, failed, or - for one that did not run."""
    script = Script(PLAN, revision=revision)
    began = script.events[0]
    assert isinstance(began, e.IterationBegan)
    script.events[0] = e.IterationBegan(
        BEGAN + 3600 * number,
        e.VERSION,
        number,
        "shop",
        "/shop",
        PLAN,
        began.selection,
        2,
        False,
        revision,
        "ann@pts/1",
    )
    script.at = BEGAN + 3600 * number + 1
    tests = script.found(*(f"tests/x.py::test_{name}" for name in NAMES[:3]), usual=0.3)
    tests += script.found(*(f"tests/y.py::test_{name}" for name in NAMES[3:]), tier="core", suite="t", usual=0.3)
    script.collected(digest=digest).asked(tests)
    for test, letter in zip(tests, outcomes, strict=True):
        if letter == "f":
            script.ran(test, "failed", "assert 403 == 200")
        elif letter == "p":
            script.ran(test, duration=1.2 if test == slow else 0.3)
    return script.pass_ended().ended()


def feed() -> ScriptedFeed:
    """Four iterations; the fourth is watched: one newly failing, one still, one fixed, one slower, one not known."""
    made = ScriptedFeed(iteration(4, "r8", "ffpp-p", digest="d2", slow=6).events)
    past = [iteration(1, "r6", "pppppp"), iteration(2, "r7", "ppfppp"), iteration(3, "r7", "pfffpp")]
    made.archive.states = [*(script.state() for script in past), made.state]
    past[2].events = iteration(3, "r7", "pffpfp").events
    made.archive.states[2] = past[2].state()
    return made


async def opened(seen: Board) -> None:
    await seen.press("i")
    assert isinstance(seen.screen, IterationsScreen)
    await seen.settle()


@pytest.mark.parametrize("size", SIZES)
async def test_smaller_screens_drop_the_lists_aside_then_digits_then_times_and_counts(size: str) -> None:
    width, height = map(int, size.split("x"))
    async with board(feed(), (width, height)) as seen:
        await opened(seen)
        matches(seen.text, f"iterations-{size}")


@pytest.mark.parametrize("theme, ascii", [("dark", True), ("light", False)])
async def test_it_reads_the_same_in_ascii_and_in_light(theme: str, ascii: bool) -> None:
    async with board(feed(), (80, 24), theme=theme, ascii=ascii) as seen:
        await opened(seen)
        assert seen.text.isascii() or not ascii
        if ascii:
            matches(seen.text, "iterations-ascii-80x24")
        else:
            matches(seen.text, "iterations-80x24")


async def test_the_cursor_s_iteration_is_compared_with_the_one_before_it() -> None:
    async with board(feed()) as seen:
        await opened(seen)
        assert "Iteration 4  against 3  revision r7 is now r8, sources changed" in seen.text
        assert "NEWLY FAILING" in seen.row("passed or unknown in 3, fails in 4")
        assert "test_login" in seen.row("pass -> FAIL") and "test_refund" in seen.row("FAIL -> FAIL")
        assert "test_export" in seen.row("FAIL -> pass")
        assert "test_search" in seen.row("FAIL -> not run"), "what has not run again is not fixed"
        assert "test_import" in seen.row("4.0x usual")
        await seen.press("j")
        assert "Iteration 3  against 2  nothing known changed" in seen.text
        await seen.press("G")
        assert "no iteration before this one is listed" in seen.text and "NEWLY FAILING" not in seen.text


async def test_a_marked_one_is_what_others_are_compared_with() -> None:
    async with board(feed()) as seen:
        await opened(seen)
        await seen.press("G", "space", "g")
        assert "newest first, compared with 1" in seen.text
        assert "Iteration 4  against 1  revision r6 is now r8, sources changed" in seen.text
        await seen.press("G", "space", "g")
        assert "Iteration 4  against 3" in seen.text


async def test_enter_goes_into_the_lists_and_esc_back_out() -> None:
    async with board(feed(), (80, 24)) as seen:
        await opened(seen)
        before = seen.text
        await seen.press("enter", "j", "j")
        assert seen.text != before and "list of iterations" in seen.footer
        await seen.press("escape")
        assert isinstance(seen.screen, IterationsScreen)
        await seen.press("escape")
        assert isinstance(seen.screen, BoardScreen)
        await seen.press("i", "i")
        assert isinstance(seen.screen, BoardScreen) and seen.app.view.active == "tiers"


async def test_a_result_that_comes_in_moves_no_cursor_and_is_compared() -> None:
    script = Script(PLAN, revision="r9")
    tests = script.found("tests/x.py::test_login", "tests/x.py::test_refund")
    made = ScriptedFeed(script.collected().asked(tests).events)
    made.archive.states = [iteration(1, "r6", "pppppp").state(), iteration(2, "r7", "ppfppp").state()]
    async with board(made) as seen:
        await opened(seen)
        await seen.press("j")
        row = seen.row("▌")
        await seen.tell(e.TestStarted(script.at, 1, 1), *Script(PLAN).ran(1, "failed", "boom").events[-1:])
        assert seen.row("▌") == row
        await seen.press("k")
        assert "test_login" in seen.row("pass -> FAIL")


async def test_an_only_iteration_and_a_journal_that_can_not_be_read_are_said() -> None:
    alone = ScriptedFeed(iteration(4, "r8", "pppppp").events)
    async with board(alone) as seen:
        await opened(seen)
        assert "no iteration before this one is listed to compare it with" in seen.text
        assert "4" in seen.row("▌")

    async def unreadable(newest: int) -> list[IterationSummary]:
        raise StagewatchError("the journal can't be read: disk full")

    broken = ScriptedFeed(iteration(4, "r8", "pppppp").events)
    broken.archive.iterations = unreadable  # type: ignore[method-assign]
    async with board(broken) as seen:
        await opened(seen)
        assert "the journal can't be read: disk full" in seen.text


async def test_an_old_iteration_that_is_gone_is_said_and_the_list_goes_on() -> None:
    made = feed()

    async def missing(number: int) -> RunState:
        raise StagewatchError(f"there is no iteration {number}")

    made.archive.iteration = missing  # type: ignore[method-assign]
    async with board(made) as seen:
        await opened(seen)
        assert "there is no iteration 3" in seen.text
        await seen.press("j")
        assert "▌   3" in seen.text


@pytest.mark.parametrize("number", [0, 7, 13, 460])
def test_digits_are_three_rows_of_one_length(number: int) -> None:
    rows = digits(number)
    assert len({len(row) for row in rows}) == 1 and any("█" in row or "▀" in row for row in rows)


async def test_v_opens_an_iteration_as_it_was_recorded_and_esc_comes_back() -> None:
    async with board(feed()) as seen:
        await opened(seen)
        await seen.press("v")
        assert "esc goes back" in seen.footer, "this one is open already"
        await seen.press("j", "v")
        assert isinstance(seen.screen, BoardScreen) and seen.screen.view.state.iteration == 3
        assert "iteration  3" in seen.text and "rerun" not in seen.footer
        await seen.press("f")
        assert "iteration 3" in seen.footer and not seen.feed.sent
        await seen.press("n", "enter")
        assert isinstance(seen.screen, FailureScreen) and seen.screen.view.state.iteration == 3
        assert "of iteration 3, test" in seen.text, "its own evidence"
        await seen.press("escape", "escape", "escape")
        assert isinstance(seen.screen, IterationsScreen)
        await seen.press("escape")
        assert seen.screen.view is seen.app.view


async def test_an_iteration_that_can_not_be_read_is_said() -> None:
    made = feed()

    async def unreadable(number: int) -> RunState:
        raise StagewatchError("the journal is gone")

    async with board(made) as seen:
        await seen.press("i")
        await seen.press("G")
        made.archive.iteration = unreadable  # type: ignore[method-assign]
        seen.screen._states.clear()  # type: ignore[attr-defined]
        await seen.press("v")
        assert seen.footer == "the journal is gone"
