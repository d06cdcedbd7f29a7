"""Which files a generation was collected from, and which of them are no longer the same.

There is no module surgery: whatever has changed, a new generation is collected (docs/engine.md).
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
from collections.abc import Iterable
from pathlib import Path

_Stamp = tuple[int, int, int]
_NOT_OURS = {"__pycache__", "node_modules", "site-packages", "build", "dist"}
_MOST_FILES = 50_000
_DATA = (
    ".json", ".csv", ".tsv", ".toml", ".yaml", ".yml", ".txt", ".ini", ".cfg", ".sql", ".html", ".xml", ".j2", ".jinja",
)  # fmt: skip


class Sources:
    """The files behind a generation, as they were when it was collected."""

    def __init__(self, root: Path, started_ns: int, extra: Iterable[Path] = ()) -> None:
        """``started_ns``: when this process began to import; a file written since may or may not have been seen."""
        self._root = root
        self._started_ns = started_ns
        self._extra = {str(path) for path in extra}
        self._stamps = {path: _stamp(path) for path in self._files()}

    def changed(self) -> list[str]:
        """Files that were edited, added or deleted since, relative to the project where they lie in it."""
        now = self._files()
        paths = [path for path in sorted(now | set(self._stamps)) if self._is_changed(path)]
        return [os.path.relpath(path, self._root) if _is_under(path, self._root) else path for path in paths]

    def digest(self) -> str:
        """A name for what the project's own sources hold, equal for equal content."""
        content = hashlib.sha256()
        for path in sorted(path for path in self._stamps if _is_under(path, self._root)):
            content.update(os.fsencode(os.path.relpath(path, self._root)) + b"\0")
            try:
                content.update(hashlib.sha256(Path(path).read_bytes()).digest())
            except OSError:
                content.update(b"gone")
        return content.hexdigest()[:16]

    def data(self) -> str:
        """A name for the project's data files as they are now: no collection hangs on them, a test's outcome may."""
        stamps = [(os.path.relpath(path, self._root), _stamp(path)) for path in sorted(_files_of(self._root, _DATA))]
        return hashlib.sha256(repr(stamps).encode("utf-8", "surrogatepass")).hexdigest()[:16]

    def _is_changed(self, path: str) -> bool:
        known, now = self._stamps.get(path), _stamp(path)
        return now != known or (known is not None and known[0] >= self._started_ns)

    def _files(self) -> set[str]:
        loaded = {
            os.path.abspath(file)
            for module in list(sys.modules.values())
            if isinstance(file := getattr(module, "__file__", None), str)
        }
        return loaded | self._extra | _files_of(self._root, (".py",))


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
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def _is_under(path: str, root: Path) -> bool:
    return path.startswith(str(root) + os.sep)
