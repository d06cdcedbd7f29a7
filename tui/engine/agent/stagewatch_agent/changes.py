"""Which files a generation was collected from, and which of them are no longer the same.

There is no module surgery: whatever has changed, a new generation is collected (docs/engine.md).
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

_Stamp = tuple[int, int, int, int]
_NOT_OURS = {"__pycache__", "node_modules", "site-packages", "build", "dist"}
_MOST_FILES = 50_000
_DATA = (
    ".json", ".csv", ".tsv", ".toml", ".yaml", ".yml", ".txt", ".ini", ".cfg", ".sql", ".html", ".xml", ".j2", ".jinja",
)  # fmt: skip
_SETTINGS = ("pyproject.toml", "pytest.ini", "pytest.toml", "tox.ini", "setup.cfg")
_WRITES = os.O_WRONLY | os.O_RDWR
_MARGIN_NS = 10_000_000
"""A file's time is the kernel's at its last tick: up to so much before it was written."""


_LISTING = (os.path.join("_pytest", "pathlib.py"), "<frozen importlib._bootstrap_external>", __file__)
"""Whose listing of a folder says nothing of its content's use."""


class Reads:
    """What this process reads: files by name, and folders that it lists, as Python's audit events tell.

    What is imported is known without it; what pytest lists in search of tests are folders in which every ``.py`` file
    counts anyway.
    """

    def __init__(self) -> None:
        self.paths: set[str] = set()
        self._goes_on = True
        sys.addaudithook(self._note)

    def enough(self) -> None:
        self._goes_on = False

    def _note(self, event: str, args: tuple[Any, ...]) -> None:
        if not self._goes_on or event not in ("open", "os.listdir", "os.scandir"):
            return
        path = args[0]
        if not isinstance(path, (str, os.PathLike)):
            return
        if event == "open":
            is_meant = not (args[2] or 0) & _WRITES
        else:
            is_meant = not sys._getframe(1).f_code.co_filename.endswith(_LISTING)
        name = os.fsdecode(path)
        if is_meant and not name.endswith((".py", ".pyc")):
            with suppress(OSError):  # there is no working directory
                self.paths.add(os.path.abspath(name))


class Sources:
    """The files behind a generation or a snapshot, as they were when it was made."""

    def __init__(self, root: Path, started_ns: int, reads: Reads, extra: Iterable[Path] = ()) -> None:
        """``started_ns``: when this process began to import; a file written since may or may not have been seen."""
        self._root = root
        self._started_ns = started_ns - _MARGIN_NS
        self._beside = {str(path) for path in extra}
        self._beside.update(str(root / name) for name in _SETTINGS)
        self._beside.update(path for path in reads.paths if self._is_read(path))
        # an installation makes and removes folders here
        self._beside.update(path for path in sys.path if os.path.basename(path) in ("site-packages", "dist-packages"))
        self._loaded = self._beside | _loaded()
        self._there = _files_of(root, (".py",))
        self._stamps = {path: _stamp(path) for path in self._loaded | self._there}
        self._contents: dict[str, bytes] = {}

    def changed(self) -> list[str]:
        """Files that were edited, added or deleted since, relative to the project where they lie in it."""
        now = self._files()
        paths = [path for path in sorted(now | set(self._stamps)) if self._is_changed(path)]
        return [os.path.relpath(path, self._root) if _is_under(path, self._root) else path for path in paths]

    def outdated(self) -> bool:
        """Whether something that is loaded was edited, or a file came or went that may be loaded instead of another."""
        return any(map(self._is_changed, self._loaded)) or self._there != _files_of(self._root, (".py",))

    def digest(self) -> str:
        """A name for what the project's own sources hold, equal for equal content."""
        content = hashlib.sha256()
        settings = {str(self._root / name) for name in _SETTINGS}
        for path in sorted(settings | _files_of(self._root, (".py",))):
            content.update(os.fsencode(os.path.relpath(path, self._root)) + b"\0")
            self._contents[path] = _content(path)
            content.update(self._contents[path])
        return content.hexdigest()[:16]

    def data(self) -> str:
        """A name for the project's data files as they are now: no collection hangs on them, a test's outcome may."""
        paths = sorted(_files_of(self._root, _DATA))
        stamps = [(os.path.relpath(path, self._root), (_stamp(path) or ())[:3]) for path in paths]
        return hashlib.sha256(repr(stamps).encode("utf-8", "surrogatepass")).hexdigest()[:16]

    def _is_changed(self, path: str) -> bool:
        known, now = self._stamps.get(path), _stamp(path)
        if known is not None and known[0] >= self._started_ns:
            return True
        if now == known:
            return False
        if now and known and now[:3] == known[:3] and path not in self._there:
            return False  # installers link files, and each link is noted as a change of them
        return path not in self._contents or self._contents[path] != _content(path)

    def _files(self) -> set[str]:
        return self._beside | _loaded() | _files_of(self._root, (".py",))

    def _is_read(self, path: str) -> bool:
        """Whether what was read is the project's: hidden folders, caches and build results are not."""
        if not _is_under(path, self._root):
            return False
        folders = os.path.relpath(path, self._root).split(os.sep)
        if any(name.startswith(".") or name in _NOT_OURS for name in folders[:-1]):
            return False
        return not os.path.isdir(path) or not (folders[-1].startswith(".") or folders[-1] in _NOT_OURS)


def forget_compiled(paths: Iterable[str], root: Path) -> None:
    """Remove compiled copies of edited files: they are only known by the second and the size of the source."""
    for path in paths:
        source = root / path
        if source.suffix != ".py":
            continue
        cached = Path(importlib.util.cache_from_source(str(source)))
        for stale in [cached, *cached.parent.glob(f"{source.stem}.{sys.implementation.cache_tag}-pytest-*.pyc")]:
            try:
                stale.unlink()
            except OSError:
                continue  # not there, or not ours to remove: then Python's own check has to do


def _files_of(root: Path, endings: tuple[str, ...]) -> set[str]:
    """The project's files with these endings; hidden folders, environments and build results are not the project."""
    found: set[str] = set()
    pending = [str(root)]
    while pending and len(found) < _MOST_FILES:
        try:
            with os.scandir(pending.pop()) as entries:
                for entry in entries:
                    name = entry.name
                    if name.startswith(".") or name in _NOT_OURS:
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        if not os.path.exists(os.path.join(entry.path, "pyvenv.cfg")):
                            pending.append(entry.path)
                    elif name.endswith(endings):
                        found.add(entry.path)
        except OSError:
            continue  # unreadable for us is unreadable for pytest
    return found


def _stamp(path: str) -> _Stamp | None:
    """When it was written, its size, which file it is; and when any of that was changed, which nobody can set."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino, status.st_ctime_ns


def _is_under(path: str, root: Path) -> bool:
    return path.startswith(str(root) + os.sep)


def _loaded() -> set[str]:
    return {
        os.path.abspath(file)
        for module in list(sys.modules.values())
        if isinstance(file := getattr(module, "__file__", None), str)
    }


def _content(path: str) -> bytes:
    try:
        return hashlib.sha256(Path(path).read_bytes()).digest()
    except OSError:
        return b"gone"
