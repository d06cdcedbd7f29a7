"""Node ids are data: whatever is in them, a test is shown and run again by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.host import Hosted, make_project

HOSTILE = [
    "$(touch x)", "[/]", "[admin]", "\U0001f680", "\udc80", "a\nb", "x" * 4000, "a::b", "../..", "-x", " ", "'\"`",
    "%s{}", "\x1b[31m",
]  # fmt: skip
"""As the project writes them."""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    project = make_project(
        tmp_path / "project",
        test_ids=f"""
            import pytest
            @pytest.mark.parametrize("given", {HOSTILE!a}, ids={HOSTILE!a})
            def test_id(given): print("ran with", ascii(given)[:50])
        """,
    )
    ini = "[pytest]\ndisable_test_id_escaping_and_forfeit_all_rights_to_community_support = true\n"
    (project / "pytest.ini").write_text(ini)
    return project


async def test_hostile_ids_run_and_each_is_rerun_by_itself(project: Path) -> None:
    async with Hosted(project) as hosted:
        told = await hosted.run()
        assert set(told.outcomes().values()) == {"passed"}
        ids = [test for test in told.state.present() if test.path == "test_ids.py"]
        assert len(ids) == len(HOSTILE)
        for test, given in zip(ids, HOSTILE, strict=True):
            await hosted.rerun(test.node)
            assert len(test.attempts) == 2
            assert ascii(given)[:50] in told.text_of(test.node)
        assert [len(test.attempts) for test in ids] == [2] * len(HOSTILE)
    assert not (project / "x").exists()
    assert any("\\udc80" in test.node for test in ids)


async def test_tests_of_one_id_are_told_apart(tmp_path: Path) -> None:
    project = make_project(tmp_path / "project", test_twin="def test_twin(): pass")
    async with Hosted(project, "--keep-duplicates", "test_twin.py", "test_twin.py") as hosted:
        told = await hosted.run()
        one, two = told.state.present()
        assert one.node == two.node
        assert (one.ordinal, two.ordinal) == (0, 1)
        await hosted.engine.rerun([two.id], 0.0, "a test", "tests")
        await hosted.quiet()
        assert (len(one.attempts), len(two.attempts)) == (1, 2)
