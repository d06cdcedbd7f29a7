"""Every kind of random edit changes what a fresh process says, or is one that must not."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
from random_edits import KINDS, Edits
from real_projects import Case, Copy

sys.path.pop(0)

_UNCHANGED = {"touched"}


@pytest.fixture
def edits(tmp_path: Path) -> Edits:
    root, outside = tmp_path / "project", tmp_path / "outside"
    (root / "src" / "package").mkdir(parents=True)
    outside.mkdir()
    (root / "src" / "package" / "module.py").write_text("")
    (root / "test_a.py").write_text("def test_real(): pass\n")
    case = Case("made", "test_a.py", "src/package/module.py")
    copy = Copy(case, "1", sys.executable, root, root, {})
    return Edits(copy, outside, random.Random(1))


def _content(edits: Edits) -> dict[Path, str]:
    folder = edits.copy.root.parent
    return {path: path.read_text() for path in folder.rglob("*.py")}


@pytest.mark.parametrize("kind", KINDS)
def test_an_edit_changes_what_is_there(edits: Edits, kind: str) -> None:
    if kind == "deleted_file":
        edits.apply("new_file")
    before = _content(edits)
    edits.apply(kind)
    assert (_content(edits) == before) == (kind in _UNCHANGED)
    for text in _content(edits).values():
        compile(text, "edited", "exec")


@pytest.mark.parametrize(
    ("kind", "holds"),
    [
        ("clock_set_back", lambda before, now: now.st_mtime_ns < before.st_mtime_ns),
        (
            "same_size_and_time",
            lambda before, now: (
                (now.st_mtime_ns, now.st_size, now.st_ino) == (before.st_mtime_ns, before.st_size, before.st_ino)
            ),
        ),
        ("touched", lambda before, now: now.st_mtime_ns > before.st_mtime_ns and now.st_ino == before.st_ino),
    ],
)
def test_what_its_name_says(edits: Edits, kind: str, holds: Callable[[object, object], bool]) -> None:
    before = edits.copy.tests.stat()
    edits.apply(kind)
    assert holds(before, edits.copy.tests.stat())
