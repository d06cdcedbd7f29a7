"""A rerun sees every edit; without one it forks what is there already."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.engine.host import Hosted, make_project
from tui.events import Collecting

TEST = "import helper\ndef test_it(value): assert (helper.VALUE, value) == (1, 1)\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(
        tmp_path / "project",
        helper="VALUE = 1\n",
        conftest="import pytest\n@pytest.fixture\ndef value(): return 1\n",
        test_it=TEST,
        test_other="def test_other(): pass\n",
    )


@pytest.fixture
async def hosted(project: Path) -> AsyncIterator[Hosted]:
    async with Hosted(project) as hosted:
        told = await hosted.run()
        assert set(told.outcomes().values()) == {"passed"}
        yield hosted


def generations(hosted: Hosted) -> int:
    return sum(isinstance(event, Collecting) for event in hosted.told.events)


async def test_an_unchanged_rerun_forks_what_was_collected(hosted: Hosted) -> None:
    told = await hosted.rerun("test_it")
    last = told.test("test_it").attempts[-1]
    assert (last.outcome, last.generation, last.cold_reason) == ("passed", 1, None)
    assert generations(hosted) == 1
    first = told.test("test_it").attempts[0]
    assert first.age is not None and last.age is not None
    assert 0 <= first.age < last.age <= hosted.told.state.now - hosted.told.state.began


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("test_it.py", TEST.replace("(1, 1)", "(2, 2)")),
        ("helper.py", "VALUE = 2\n"),
        ("conftest.py", "import pytest\n@pytest.fixture\ndef value(): return 2\n"),
    ],
)
async def test_an_edit_is_seen_and_so_is_its_undoing(hosted: Hosted, project: Path, file: str, text: str) -> None:
    before = (project / file).read_text()
    (project / file).write_text(text)
    assert (await hosted.rerun("test_it")).outcome("test_it") == "failed"
    assert hosted.told.state.changed == (file,)
    (project / file).write_text(before)
    assert (await hosted.rerun("test_it")).outcome("test_it") == "passed"
    assert generations(hosted) == 3


async def test_an_edit_of_the_same_second_and_size_is_seen(hosted: Hosted, project: Path) -> None:
    """Python would take the compiled copy for current."""
    helper = project / "helper.py"
    was = helper.stat()
    helper.write_text("VALUE = 2\n")
    os.utime(helper, ns=(was.st_atime_ns, was.st_mtime_ns + 1))
    assert helper.stat().st_size == was.st_size
    assert (await hosted.rerun("test_it")).outcome("test_it") == "failed"


async def test_an_edit_in_place_that_sets_the_time_back_is_seen(hosted: Hosted, project: Path) -> None:
    file = project / "helper.py"
    before = file.stat()
    file.write_text("VALUE = 2\n")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert file.stat().st_ino == before.st_ino
    assert (await hosted.rerun("test_it")).outcome("test_it") == "failed"


async def test_a_new_file_and_its_tests_are_found(hosted: Hosted, project: Path) -> None:
    (project / "test_new.py").write_text("def test_new(): pass\n")
    assert (await hosted.rerun("test_it")).outcome("test_new") == "passed"


async def test_a_deleted_file_is_gone_and_so_are_its_tests(hosted: Hosted, project: Path) -> None:
    (project / "test_other.py").unlink()
    told = await hosted.rerun("test_it")
    assert set(told.outcomes()) == {"test_it.py::test_it"}


async def test_a_renamed_test_is_gone_and_runs_under_its_new_name(hosted: Hosted, project: Path) -> None:
    (project / "test_it.py").write_text(TEST.replace("test_it", "test_renamed"))
    told = await hosted.rerun("test_it")
    assert told.outcomes() == {"test_it.py::test_renamed": "passed", "test_other.py::test_other": "passed"}


async def test_an_import_that_breaks_is_an_error_until_it_is_mended(hosted: Hosted, project: Path) -> None:
    (project / "helper.py").write_text("VALUE = (\n")
    told = await hosted.rerun("test_it")
    assert told.outcomes() == {"test_it.py": "error", "test_other.py::test_other": "passed"}
    (project / "helper.py").write_text("VALUE = 1\n")
    told = await hosted.rerun("test_it.py")
    assert told.outcomes() == {"test_it.py::test_it": "passed", "test_other.py::test_other": "passed"}


async def test_a_conftest_that_breaks_is_an_error_until_it_is_mended(hosted: Hosted, project: Path) -> None:
    """Then pytest can't even start; the run is still there."""
    before = (project / "conftest.py").read_text()
    (project / "conftest.py").write_text("import no_such_module\n")
    told = await hosted.rerun("test_it")
    assert told.outcomes() == {"conftest.py": "error"}
    (project / "conftest.py").write_text(before)
    told = await hosted.rerun("conftest.py")
    assert told.outcomes() == {"test_it.py::test_it": "passed", "test_other.py::test_other": "passed"}


async def test_settings_and_data_files_beside_the_tests(hosted: Hosted, project: Path) -> None:
    """A setting of pytest counts as an edit; a file that tests read when they run needs none."""
    (project / "data.json").write_text("{}")
    await hosted.rerun("test_it")
    assert generations(hosted) == 1
    (project / "pytest.ini").write_text("[pytest]\npython_functions = test_o*\n")
    told = await hosted.rerun("test_other")
    assert set(told.outcomes()) == {"test_other.py::test_other"}


COLD = {
    "2 threads": "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()",
    "a socket": "import socket\nkept = socket.socket()",
    "an event loop": "import asyncio\nkept = asyncio.new_event_loop()",
    "a database": "import sqlite3\nkept = sqlite3.connect('kept.x')\nkept.execute('create table if not exists t(a)')",
    "a pipe": "import os\nkept = os.pipe()",
}


@pytest.mark.parametrize("reason", COLD)
async def test_where_forking_is_not_safe_every_worker_is_a_fresh_process(tmp_path: Path, reason: str) -> None:
    project = make_project(
        tmp_path / "project",
        test_cold=COLD[reason] + "\nimport os\ndef test_pid(): print(os.getppid())\ndef test_fails(): assert False\n",
        test_more="import os\ndef test_exits(): os._exit(3)\ndef test_after(): pass\n",
    )
    async with Hosted(project, workers=2) as hosted:
        told = await hosted.run()
        assert {name: told.outcome(name) for name in ("test_pid", "test_fails", "test_exits", "test_after")} == {
            "test_pid": "passed", "test_fails": "failed", "test_exits": "crashed", "test_after": "passed"
        }  # fmt: skip
        assert reason.split()[-1].rstrip("s") in (told.test("test_pid").attempts[-1].cold_reason or "")
        assert {attempt.age for test in told.state.present() for attempt in test.attempts} == {None}
        assert "cold: " in told.notices()
        (project / "test_cold.py").write_text("def test_pid(): pass\n")
        told = await hosted.rerun("test_pid")
        assert "warm again" in told.notices() and "warmth lost" not in told.notices()
        assert told.test("test_pid").attempts[-1].cold_reason is None
        assert told.test("test_pid").attempts[-1].age is not None


async def test_an_edit_that_costs_the_warmth_says_so(hosted: Hosted, project: Path) -> None:
    (project / "test_it.py").write_text(f"{COLD['a socket']}\ndef test_it(): pass\n")
    told = await hosted.rerun("test_it")
    assert told.notices().count("warmth lost, cold: a socket opened during collection") == 1
    last = told.test("test_it").attempts[-1]
    assert (last.outcome, last.cold_reason) == ("passed", "a socket opened during collection")
