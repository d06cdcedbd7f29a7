"""What is saved in a folder is told once, whole, whatever way an editor, a checkout or a copy takes."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tui.session import watch as watching
from tui.session.watch import Watch

PATIENCE = 20.0


class Told:
    def __init__(self) -> None:
        self.saves: asyncio.Queue[tuple[Sequence[str], float]] = asyncio.Queue()
        self.complaints: list[str] = []

    async def next(self) -> Sequence[str]:
        paths, _ = await asyncio.wait_for(self.saves.get(), PATIENCE)
        return paths


@asynccontextmanager
async def watched(root: Path) -> AsyncIterator[Told]:
    told = Told()
    watch = Watch(root, lambda *save: told.saves.put_nowait(save), told.complaints.append)
    await watch.begin()
    try:
        yield told
    finally:
        watch.end()


@pytest.fixture(params=["by the kernel's word", "by looking"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both have to see the same."""
    if request.param == "by looking":
        monkeypatch.setattr(watching, "_LOOK_EVERY", 0.01)
        monkeypatch.setattr(watching, "network_type", lambda _: "nfs4")
    return str(request.param)


async def test_an_editors_save_a_new_folder_and_a_deleted_file(tmp_path: Path, way: str) -> None:
    file, beside = tmp_path / "test_a.py", tmp_path / "4913.tmp"
    file.write_text("a = 1")
    async with watched(tmp_path) as told:
        assert [("(nfs4)" in words) for words in told.complaints] == [True] * (way == "by looking")
        beside.write_text("a = 2")
        beside.replace(file)
        assert await told.next() == ["test_a.py"]
        (tmp_path / "new" / "deep").mkdir(parents=True)
        (tmp_path / "new" / "deep" / "b.py").write_text("")
        assert await told.next() == ["new/deep/b.py"]
        (tmp_path / "new" / "deep" / "b.py").write_text("b = 1")
        assert await told.next() == ["new/deep/b.py"], "what came later is watched too"
        file.unlink()
        assert await told.next() == ["test_a.py"]
        assert told.saves.empty()


async def test_a_checkout_of_hundreds_of_files_is_one_save(tmp_path: Path) -> None:
    tree, project = tmp_path / "tree", tmp_path / "project"
    names = sorted(f"room_{number // 20}/test_{number:03}.py" for number in range(400))
    project.mkdir()
    for name in names:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(f"# {name}")
    async with watched(project) as told:
        shutil.copytree(tree, project, dirs_exist_ok=True)
        assert await told.next() == names
        (project / "last.py").touch()
        assert await told.next() == ["last.py"], "and nothing came in between"


async def test_what_no_test_hangs_on_is_no_save(tmp_path: Path) -> None:
    for folder in (".git", "__pycache__", "pkg"):
        (tmp_path / folder).mkdir()
    async with watched(tmp_path) as told:
        for name in (".git/index.txt", "__pycache__/a.py", "pkg/.a.py.swp", "pkg/a.py~", "pkg/notes.md"):
            (tmp_path / name).write_text("")
        os.utime(tmp_path / "pkg")
        (tmp_path / "pkg" / "a.py").write_text("")
        assert await told.next() == ["pkg/a.py"]


async def test_it_says_since_when_a_file_may_have_been_written(tmp_path: Path) -> None:
    async with watched(tmp_path) as told:
        (tmp_path / "a.py").write_text("")
        await told.next()
        before = time.time()
        (tmp_path / "b.py").write_text("")
        _, since = await asyncio.wait_for(told.saves.get(), PATIENCE)
        assert before <= since <= time.time()


async def test_a_kernel_that_watches_no_more_folders_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(watching.FolderEvents):
        def watch(self, folders: Iterable[str]) -> None:
            if str(tmp_path / "one_more") in folders:
                raise OSError(errno.ENOSPC, "No space left on device")
            super().watch(folders)

    monkeypatch.setattr(watching, "FolderEvents", Full)
    monkeypatch.setattr(watching, "_LOOK_EVERY", 0.01)
    async with watched(tmp_path) as told:
        (tmp_path / "one_more").mkdir()
        (tmp_path / "one_more" / "a.py").touch()
        assert await told.next() == ["one_more/a.py"]
        assert ["fs.inotify.max_user_watches" in words for words in told.complaints] == [True]
        (tmp_path / "one_more" / "b.py").touch()
        assert await told.next() == ["one_more/b.py"], "it is looked for from then on"
