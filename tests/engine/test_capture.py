"""What workers capture is theirs alone, by whichever stream it was written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.host import Hosted, make_project

MODULE = """
    import os, sys
    KEPT = sys.stdout
    def test_writes():
        for number in range(200):
            print("{name} kept", number, file=KEPT)
            print("{name} looked up", number)
    def test_streams_stay(): assert KEPT is sys.stdout
"""


@pytest.mark.parametrize("way", ["fd", "sys"])
async def test_a_stream_that_a_module_kept_at_import_is_captured_in_each_worker(tmp_path: Path, way: str) -> None:
    project = make_project(tmp_path / "p", test_a=MODULE.format(name="a"), test_b=MODULE.format(name="b"))
    (project / "pytest.ini").write_text(f"[pytest]\naddopts = --capture={way}\n")
    async with Hosted(project, workers=2) as hosted:
        told = await hosted.run()
    for name in ("a", "b"):
        expected = "".join(f"{name} kept {n}\n{name} looked up {n}\n" for n in range(200))
        test = told.test(f"test_{name}.py::test_writes")
        assert told.evidence[test.id, 1].sections == (("Captured stdout call", expected),)
        assert told.outcome(f"test_{name}.py::test_streams_stay") == "passed"
    assert len({test.attempts[-1].worker for test in told.state.present()}) == 2
