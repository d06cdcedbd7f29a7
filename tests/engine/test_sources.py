"""Fixed or flaky: what a pass after a failure is, by what changed in between."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.host import Hosted, make_project


@pytest.fixture
def project(tmp_path: Path) -> Path:
    project = make_project(
        tmp_path / "p",
        test_a="""
            from pathlib import Path
            def test_reads(): assert Path("rates.csv").read_text() == "good"
            def test_remembers():
                mark = Path(".ran")
                ran = mark.exists()
                mark.touch()
                assert ran
        """,
    )
    (project / "rates.csv").write_text("bad")
    return project


async def test_a_mended_data_file_makes_fixed_and_nothing_changed_makes_flaky(project: Path) -> None:
    async with Hosted(project) as hosted:
        told = await hosted.run()
        assert set(told.outcomes().values()) == {"failed"}
        await hosted.rerun("test_a.py::test_remembers")
        assert told.test("test_remembers").is_flaky, "nothing had changed"
        (project / "rates.csv").write_text("good")
        await hosted.rerun("test_a.py::test_reads")
        assert told.outcome("test_reads") == "passed"
        assert not told.test("test_reads").is_flaky, "its data had"
        assert told.state.generation == 1, "and nothing was collected anew for that"
