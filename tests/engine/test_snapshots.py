"""After an edit a generation is forked from what had come farthest without loading it; the wanted is answered first."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from tests.engine.host import Hosted, make_project
from tui import events as e
from tui.engine.orphans import marked
from tui.events import Event
from tui.plan.model import Selection

LOADED = "import pathlib\nwith pathlib.Path({log!r}).open('a') as log: log.write('{name} ')\n"
FILES = ("test_a", "test_b", "test_c", "test_d")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "loaded"


def source(log: Path, name: str, rest: str) -> str:
    """A module that says when it is loaded."""
    return LOADED.format(log=str(log), name=name) + rest


@pytest.fixture
def project(tmp_path: Path, log: Path) -> Path:
    tests = {name: source(log, name, f"import helper\ndef {name}(value): assert value == 1\n") for name in FILES}
    return make_project(
        tmp_path / "project",
        helper=source(log, "helper", ""),
        conftest=source(log, "conftest", "import pytest\n@pytest.fixture\ndef value(): return 1\n"),
        **tests,
    )


@pytest.fixture
async def hosted(project: Path, log: Path) -> AsyncIterator[Hosted]:
    async with Hosted(project) as hosted:
        told = await hosted.run()
        assert set(told.outcomes().values()) == {"passed"}
        assert log.read_text() == "conftest test_a helper test_b test_c test_d "
        log.unlink()
        yield hosted


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def after_edit(hosted: Hosted) -> list[Event]:
    """What was told since the newest generation was begun."""
    events = hosted.told.events
    begun = max(index for index, event in enumerate(events) if isinstance(event, e.Collecting))
    return events[begun:]


def first(events: list[Event], kind: type[Event]) -> int:
    return next(index for index, event in enumerate(events) if isinstance(event, kind))


def generations(hosted: Hosted) -> int:
    return sum(isinstance(event, e.Collecting) for event in hosted.told.events)


async def test_what_an_edit_of_a_test_needs_is_collected_and_run_first(
    hosted: Hosted, project: Path, log: Path
) -> None:
    edit(project / "test_b.py", "value == 1", "value == 2")
    told = await hosted.rerun("test_b")
    assert told.outcome("test_b") == "failed"
    events = after_edit(hosted)
    assert first(events, e.TestFinished) < first(events, e.Collected), "the answer comes before all is collected"
    loaded = log.read_text().split()
    assert "conftest" not in loaded, "it was there already"
    assert sorted(loaded) == sorted(["test_b", "helper", *FILES, "helper"])
    log.unlink()
    edit(project / "test_b.py", "value == 2", "value == 1")
    assert (await hosted.rerun("test_b")).outcome("test_b") == "passed"
    assert "conftest" not in log.read_text()
    assert {test.attempts[-1].generation for test in told.state.present()} == {1, 3}


async def test_what_a_selection_leaves_out_is_not_waited_for(project: Path, log: Path) -> None:
    async with Hosted(project, "-k", "test_b", selection=Selection(keyword="test_b")) as hosted:
        assert list((await hosted.run()).outcomes()) == ["test_b.py::test_b"]
        edit(project / "test_b.py", "value == 1", "value == 2")
        assert (await hosted.rerun("test_b")).outcome("test_b") == "failed"
        events = after_edit(hosted)
        assert first(events, e.TestFinished) < first(events, e.Collected)


async def test_an_edit_of_a_module_is_seen_by_all_who_import_it(hosted: Hosted, project: Path, log: Path) -> None:
    edit(project / "helper.py", "import pathlib", "import pathlib; VALUE = 3")
    edit(project / "test_a.py", "value == 1", "helper.VALUE == 3")
    edit(project / "test_b.py", "value == 1", "helper.VALUE == 1")
    told = await hosted.rerun("test_a", "test_b")
    assert (told.outcome("test_a"), told.outcome("test_b")) == ("passed", "failed")
    assert "conftest" not in log.read_text()


async def test_an_edit_of_a_conftest_is_loaded_by_a_fork_that_had_not(hosted: Hosted, project: Path, log: Path) -> None:
    for value, outcome in ((2, "failed"), (1, "passed")):
        edit(project / "conftest.py", f"return {3 - value}", f"return {value}")
        assert (await hosted.rerun("test_b")).outcome("test_b") == outcome
        events = after_edit(hosted)
        assert first(events, e.TestFinished) < first(events, e.Collected)
        assert log.read_text().split()[0] == "conftest"
        assert log.read_text().split().count("conftest") == 1, "the rest is collected from a snapshot that has it"
        log.unlink()


async def test_tests_that_come_and_go_with_an_edit(hosted: Hosted, project: Path) -> None:
    edit(project / "test_b.py", "def test_b(value)", "def test_new(): pass\ndef test_renamed(value)")
    told = await hosted.rerun("test_a")
    assert told.outcomes() == {
        "test_a.py::test_a": "passed", "test_b.py::test_new": "passed", "test_b.py::test_renamed": "passed",
        "test_c.py::test_c": "passed", "test_d.py::test_d": "passed",
    }  # fmt: skip
    assert len(told.test("test_renamed").attempts) == 1


async def test_an_edit_that_cannot_be_imported_is_that_error_at_once(hosted: Hosted, project: Path) -> None:
    edit(project / "test_b.py", "import helper", "import no_such_module")
    told = await hosted.rerun("test_b", "test_a")
    events = after_edit(hosted)
    assert first(events, e.CollectionFailed) < first(events, e.TestFinished) < first(events, e.Collected)
    assert told.outcomes()["test_b.py"] == "error"
    assert "test_b.py::test_b" not in told.outcomes()
    edit(project / "test_b.py", "import no_such_module", "import helper")
    told = await hosted.rerun("test_b.py")
    assert set(told.outcomes().values()) == {"passed"}


async def test_a_new_file_may_be_loaded_instead_of_another(hosted: Hosted, project: Path, log: Path) -> None:
    (project / "helper").mkdir()
    (project / "helper" / "__init__.py").write_text("raise RuntimeError('the package goes before the module')\n")
    told = await hosted.rerun("test_b")
    assert set(told.outcomes().values()) == {"error"}
    assert log.read_text().split()[0] == "conftest", "all of it anew"


async def test_a_file_that_was_only_touched_is_the_same(hosted: Hosted, project: Path, log: Path) -> None:
    for name in ("test_b.py", "helper.py", "conftest.py"):
        os.utime(project / name, ns=(1_000_000_000, 1_000_000_000))
    await hosted.rerun("test_b")
    assert (generations(hosted), log.exists()) == (1, False)


@pytest.mark.parametrize("reader", ["conftest.py", "test_b.py"])
async def test_a_data_file_that_was_read_to_collect(hosted: Hosted, project: Path, reader: str) -> None:
    data = project / "cases" / "values.json"
    data.parent.mkdir()
    data.write_text("[1, 2]")
    text = (project / reader).read_text()
    cases = "import json; CASES = json.loads(pathlib.Path('cases/values.json').read_text())\n"
    (project / reader).write_text(text.replace("import pathlib\n", "import pathlib\n" + cases))
    where = "CASES" if reader == "test_b.py" else "__import__('conftest').CASES"
    edit(
        project / "test_b.py", "def test_b", f"import pytest\n@pytest.mark.parametrize('case', {where})\ndef test_case"
    )
    edit(project / "test_b.py", "test_case(value)", "test_case(case)")
    edit(project / "test_b.py", "value == 1", "case")
    await hosted.rerun("test_a")
    data.write_text("[1, 2, 3]")
    told = await hosted.rerun("test_a")
    assert [node for node in told.outcomes() if "test_b" in node] == [f"test_b.py::test_case[{n}]" for n in (1, 2, 3)]
    assert told.state.changed == ("cases/values.json",)


async def test_a_folder_that_was_listed_to_collect(hosted: Hosted, project: Path) -> None:
    (project / "cases").mkdir()
    (project / "cases" / "one.txt").write_text("")
    cases = "CASES = sorted(path.stem for path in pathlib.Path('cases').glob('*.txt'))\nimport pytest\n"
    edit(project / "test_b.py", "import helper\n", cases + "@pytest.mark.parametrize('case', CASES)\n")
    edit(project / "test_b.py", "test_b(value): assert value == 1", "test_b(case): pass")
    await hosted.rerun("test_a")
    (project / "cases" / "two.txt").write_text("")
    assert "test_b.py::test_b[two]" in (await hosted.rerun("test_a")).outcomes()


async def test_a_snapshot_that_is_killed_costs_its_time_only(hosted: Hosted, project: Path, log: Path) -> None:
    zygote = min(process.pid for process in marked(hosted.mark))
    for snapshot in psutil.Process(zygote).children():
        os.kill(snapshot.pid, signal.SIGKILL)
    edit(project / "test_b.py", "value == 1", "value == 2")
    assert (await hosted.rerun("test_b")).outcome("test_b") == "failed"
    assert log.read_text().split()[0] == "conftest", "there was nothing to fork it from"


async def test_a_forked_generation_that_is_killed_is_replaced(hosted: Hosted, project: Path) -> None:
    """Its end is told by the snapshot, which is its parent."""
    edit(project / "test_b.py", "value == 1", "value == 2")
    await hosted.rerun("test_b")
    edit(project / "test_c.py", "def test_c(value): assert value == 1", f"import os\ndef test_c(): {KILLS_ITS_ZYGOTE}")
    told = await hosted.rerun("test_c", "test_d")
    assert "the collected process was killed (signal 9)" in told.notices()
    assert told.outcome("test_c") == "crashed"
    edit(project / "test_c.py", KILLS_ITS_ZYGOTE, "pass")
    told = await hosted.rerun("test_c", "test_d")
    assert (told.outcome("test_c"), told.outcome("test_d")) == ("passed", "passed")


KILLS_ITS_ZYGOTE = f"os.kill(os.getppid(), {signal.SIGKILL:d})"


async def test_where_a_thread_runs_there_is_no_snapshot(tmp_path: Path) -> None:
    thread = "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()\n"
    project = make_project(
        tmp_path / "project", conftest=thread, test_a="def test_a(): pass\n", test_b="def test_b(): pass\n"
    )
    async with Hosted(project) as hosted:
        await hosted.run()
        edit(project / "test_a.py", "pass", "assert 0")
        assert (await hosted.rerun("test_a")).outcome("test_a") == "failed"


async def test_no_more_processes_after_many_edits(hosted: Hosted, project: Path) -> None:
    collector = hosted.engine._collector
    for number in range(8):
        edit(project / ("conftest.py" if number % 4 == 1 else "test_b.py"), "import", "# again\nimport")
        assert (await hosted.rerun("test_b")).outcome("test_b") == "passed"
        await asyncio.gather(*(old.ended for old in collector._launched if old not in collector.newest))
    living = {process.pid for process in marked(hosted.mark) if process.status() != psutil.STATUS_ZOMBIE}
    assert living <= {*collector.zygotes}, "a generation and two snapshots"
    assert len(collector.zygotes) == 3


async def test_prints_of_a_conftest_are_in_the_report_of_a_later_generation(tmp_path: Path) -> None:
    """What was captured when a snapshot was made goes on in each that is forked from it, and is no other's."""
    project = make_project(
        tmp_path / "project", conftest="print('said by the conftest')\n",
        test_a="def test_a(): pass\n", test_b="def test_b(): pass\n", test_c="print('said by c')\ndef test_c(): pass\n",
    )  # fmt: skip
    async with Hosted(project) as hosted:
        await hosted.run()
        (project / "test_a.py").write_text("print('said by a')\nimport no_such_module\n")
        told = await hosted.rerun("test_a")
        (error,) = [test for test in told.state.present() if test.node == "test_a.py"]
        said = "".join(text for _, text in told.evidence[error.id, 1].sections)
        assert "said by a" in said and "said by c" not in said
