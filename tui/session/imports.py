"""Which files of a project hang on which others, as far as their ``import`` lines tell.

An approximation, and said to be one: what is imported by a name that is put together, or loaded as a plugin, is not
seen; what a package's ``__init__`` imports hangs on whoever imports anything of it, as it does for Python.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath

from tui.session.project_files import Stamp, look
from tui.session.touched import Dependents

_MOST_FILES = 5_000
"""Sources beyond which nobody waits for them to be read."""
_LIST = r"(?:\\\r?\n|[^\n#;])+"
_IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+(?P<dots>\.*)[ \t]*(?P<module>[\w.]*)[ \t]+import[ \t]*"
    rf"(?P<names>\([^)]*\)|{_LIST})|import[ \t]+(?P<modules>{_LIST}))",
    re.MULTILINE,
)
"""What begins a line as an import does. To parse all of it takes sixteen times as long, for docstrings."""
_NAME = re.compile(r"(?<![\w.])(?!as\b)[^\W\d][\w.]*(?:(?=[\s,;)\\]|$))")


class Imports:
    """Of one project. Reads each file once, and again when it was saved."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._names: dict[str, tuple[Stamp, frozenset[str]]] = {}

    def dependents(self, paths: Sequence[str]) -> Dependents:
        """Paths are relative to the project. Takes a while: to be called in a thread."""
        self._read()
        importers = self._importers()
        near, far = (self._reached(importers, paths, by_conftest=by_conftest) for by_conftest in (False, True))
        return Dependents(near, far)

    def _reached(self, importers: dict[str, set[str]], paths: Iterable[str], *, by_conftest: bool) -> set[str]:
        """Who imports these, or imports who does; ``by_conftest``: also who has a conftest.py that does."""
        found: set[str] = set()
        pending = list(paths)
        while pending:
            path = pending.pop()
            near = importers.get(path, set())
            if by_conftest and PurePosixPath(path).name == "conftest.py":
                near = near | {one for one in self._names if _is_below(one, PurePosixPath(path).parent)}
            pending += near - found
            found |= near
        return found

    def _read(self) -> None:
        files = {
            Path(path).relative_to(self._root).as_posix(): stamp
            for path, stamp in look(self._root).files.items()
            if path.endswith(".py")
        }
        if len(files) > _MOST_FILES:
            files = {}
        self._names = {path: known for path, known in self._names.items() if path in files}
        for path, stamp in files.items():
            known = self._names.get(path)
            if known is None or known[0] != stamp:
                self._names[path] = stamp, frozenset(_imported(self._root / path, path))

    def _importers(self) -> dict[str, set[str]]:
        modules: dict[str, set[str]] = {}
        for path in self._names:
            for name in self._called(path):
                modules.setdefault(name, set()).add(path)
        importers: dict[str, set[str]] = {}
        for path, (_, names) in self._names.items():
            for name in names:
                for module in modules.get(name, ()):
                    if module != path:
                        importers.setdefault(module, set()).add(path)
        return importers

    def _called(self, path: str) -> Iterator[str]:
        """The names it can be imported by: from each folder above it that is no package itself."""
        parts = _module(path)
        for start in range(len(parts)):
            if not start or "/".join((*parts[:start], "__init__.py")) not in self._names:
                yield ".".join(parts[start:])


def _module(path: str) -> tuple[str, ...]:
    parts = PurePosixPath(path).with_suffix("").parts
    return parts[:-1] if parts[-1] == "__init__" else parts


def _imported(file: Path, path: str) -> Iterator[str]:
    """The modules that a file may import, each with the packages it lies in."""
    try:
        source = file.read_bytes().decode("utf-8", "replace")
    except OSError:
        return
    package = PurePosixPath(path).parent.parts
    for found in _IMPORT.finditer(source):
        dots, module, names, modules = found["dots"], found["module"], found["names"], found["modules"]
        if modules is not None:
            for one in _NAME.findall(modules):
                yield from _with_packages(one.split("."))
        else:
            above = package[: len(package) - len(dots) + 1] if dots else ()
            parts = [*above, *(module.split(".") if module else [])]
            yield from _with_packages(parts)
            yield from (".".join((*parts, name)) for name in _NAME.findall(names))


def _with_packages(parts: list[str]) -> Iterator[str]:
    return (".".join(parts[:length]) for length in range(1, len(parts) + 1))


def _is_below(path: str, folder: PurePosixPath) -> bool:
    return PurePosixPath(path).is_relative_to(folder)
