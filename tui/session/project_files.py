"""The files of a project that its tests hang on: which there are, and which have been saved since one last looked.

What counts is what the agent counts (``changes``: Python sources, data files; no hidden folder, no environment, no
build result). The agent shares no code with us, so the rule is written here a second time; a test compares the two.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

ENDINGS = (
    ".py", ".json", ".csv", ".tsv", ".toml", ".yaml", ".yml", ".txt", ".ini", ".cfg", ".sql", ".html", ".xml", ".j2",
    ".jinja",
)  # fmt: skip
_NOT_OURS = {"__pycache__", "node_modules", "site-packages", "build", "dist"}
_MOST_FILES = 50_000

Stamp = tuple[int, int, int]


class Look(NamedTuple):
    """The files by their paths, each with a stamp that a save changes, and the folders they may lie in."""

    files: dict[str, Stamp]
    folders: frozenset[str]


def counts(name: str, *, is_folder: bool = False) -> bool:
    """Whether a file of this name may change what a test does when it is saved, or a folder may hold such."""
    if name.startswith(".") or name in _NOT_OURS:
        return False
    return is_folder or name.endswith(ENDINGS)


def look(root: Path) -> Look:
    """A project as it is now."""
    files: dict[str, Stamp] = {}
    folders: set[str] = set()
    pending = [str(root)]
    while pending and len(files) < _MOST_FILES:
        folder = pending.pop()
        try:
            with os.scandir(folder) as entries:
                folders.add(folder)
                for entry in entries:
                    is_folder = entry.is_dir(follow_symlinks=False)
                    if not counts(entry.name, is_folder=is_folder):
                        continue
                    if not is_folder:
                        if (stamp := _stamp(entry)) is not None:
                            files[entry.path] = stamp
                    elif not Path(entry.path, "pyvenv.cfg").exists():
                        pending.append(entry.path)
        except OSError:
            continue  # gone meanwhile, or unreadable for us as for pytest
    return Look(files, frozenset(folders))


def saved_between(before: Look, now: Look, root: Path) -> list[str]:
    """Files that were written, added or deleted, by their paths within the project."""
    paths = sorted(before.files.keys() | now.files.keys())
    return [os.path.relpath(path, root) for path in paths if before.files.get(path) != now.files.get(path)]


def _stamp(file: os.DirEntry[str]) -> Stamp | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
