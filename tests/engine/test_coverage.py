"""Coverage over reruns, edits and environments: no line that did not run is said to have run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.engine.host import Hosted, make_project
from tests.engine.interpreters import with_plugins
from tui.plan.model import Plan, Suite, Tier

SHOP = """
def one(): return 1
def two(): return 2
def rare():
    a = 1
    return a
"""
TEST = """
    import pathlib
    import {shop}
    def test_{name}():
        assert {shop}.one() == 1 and {shop}.two() == 2
        if pathlib.Path("{name}.txt").exists(): {shop}.rare()
"""
COLD = "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()\n"


@pytest.fixture(scope="module")
def python() -> str:
    return with_plugins()


def make(folder: Path) -> Path:
    project = make_project(
        folder,
        shop=SHOP,
        other=SHOP,
        test_a=TEST.format(shop="shop", name="a"),
        test_b=TEST.format(shop="other", name="b"),
    )
    (project / "pytest.ini").write_text("[pytest]\naddopts = --cov=. --cov-report=json\n")
    return project


def missing(project: Path) -> dict[str, list[int]]:
    """The lines that did not run, of the project's modules."""
    files = json.loads((project / "coverage.json").read_text())["files"]
    return {name: files[name]["missing_lines"] for name in ("shop.py", "other.py")}


@pytest.mark.parametrize("cold", ["", COLD], ids=["warm", "cold"])
async def test_what_a_rerun_covers_counts_and_what_was_edited_since_does_not(
    tmp_path: Path, python: str, cold: str
) -> None:
    """By number the first lines of the module ran, before the edit put others there that never do."""
    project = make(tmp_path / "project")
    (project / "conftest.py").write_text(cold)
    async with Hosted(project, python=python, workers=2) as hosted:
        await hosted.run()
        (project / "b.txt").touch()
        await hosted.rerun("test_b")
        (project / "a.txt").touch()
        (project / "shop.py").write_text("\ndef never():\n    return 0\n" + SHOP)
        told = await hosted.rerun("test_a")
        assert set(told.outcomes().values()) == {"passed"}
        assert (told.state.cold_reason is not None) == bool(cold)
    assert missing(project) == {"shop.py": [3], "other.py": []}
    assert "INTERNALERROR" not in hosted.log.read_text()
    assert [path.name for path in project.glob(".coverage*")] == [".coverage"]


async def test_zygotes_that_end_together_do_not_spoil_each_others(tmp_path: Path, python: str) -> None:
    """There is one for each environment that suites declare."""
    project = make(tmp_path / "project")
    (project / "a.txt").touch()
    suites = tuple(
        Suite(name, "P1", paths=(f"test_{name}.py",), env={"FOR": name}) for name in "ab"
    )  # fmt: skip
    async with Hosted(project, python=python, workers=2, plan=Plan("x", tiers=(Tier("P1"),), suites=suites)) as hosted:
        told = await hosted.run()
        assert set(told.outcomes().values()) == {"passed"}
    assert missing(project) == {"shop.py": [], "other.py": [5, 6]}
    assert [path.name for path in project.glob(".coverage*")] == [".coverage"]
    assert "INTERNALERROR" not in hosted.log.read_text()
