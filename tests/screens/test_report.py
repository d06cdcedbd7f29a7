"""The report on the screen: the text that would be written, live."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.screens.snapshots import matches
from tests.support.board import board
from tests.support.deploy import deploy
from tui import events as e
from tui.gate import verdict
from tui.reports.markdown import report
from tui.screens.board import BoardScreen
from tui.screens.report import ReportScreen

SIZES = ("160x45", "80x24", "40x12", "30x10")


@pytest.mark.parametrize("size", SIZES)
async def test_sentences_are_broken_and_tables_cut_where_it_is_narrow(size: str) -> None:
    width, height = map(int, size.split("x"))
    async with board(deploy().feed(), (width, height)) as seen:
        await seen.press("R")
        assert isinstance(seen.screen, ReportScreen)
        matches(seen.text, f"report-{size}")


async def test_it_says_what_the_report_says_and_goes_on_with_the_run() -> None:
    made = deploy()
    async with board(made.feed(), (160, 200)) as seen:
        await seen.press("R")
        state = seen.feed.state
        written = report(state, verdict(state, seen.now), seen.now)
        shown = " ".join(seen.text.split())
        for line in written.splitlines():
            if line.startswith("- ") and len(line) < 120:
                assert " ".join(line.split()) in shown, line
        await seen.tell(e.Overridden(seen.now, "ann@pts/1", "the fix is on its way"))
        seen.now += 1
        await seen.settle()
        assert "the fix is on its way" in seen.text


async def test_w_writes_it_beside_the_user_having_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    made = deploy()
    async with board(made.feed()) as seen:
        await seen.press("R", "w")
        path = tmp_path / f"stagewatch-report-{seen.feed.state.iteration}.md"
        assert f"Write {path}?" in seen.footer and not path.exists()
        await seen.press("escape")
        assert not path.exists()
        await seen.press("w", "y")
        assert path.read_text() == report(seen.feed.state, verdict(seen.feed.state, seen.now), seen.now)
        await seen.press("w")
        assert "Write over" in seen.footer
        await seen.press("escape")
        path.unlink()
        path.mkdir()
        await seen.press("w", "y")
        assert "can't be written" in seen.footer or "is a directory" in seen.footer.lower()
        await seen.press("R")
        assert isinstance(seen.screen, BoardScreen)
