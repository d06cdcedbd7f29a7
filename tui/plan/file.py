"""The plan file: finding it, and reading it into a ``Plan``.

A plan is ``stagewatch.toml``, or the table ``[tool.stagewatch]`` of a ``pyproject.toml``. Whatever
is wrong with it is answered by one ``StagewatchError`` sentence; the first mistake in the order of
the schema is the one that is told.
"""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import Any

from tui.errors import StagewatchError
from tui.plan.extending import extend
from tui.plan.locate import Place
from tui.plan.mistakes import Document, display_name
from tui.plan.model import Plan
from tui.plan.reader import Reader
from tui.plan.values import kind, quoted

OWN = "stagewatch.toml"
SHARED = "pyproject.toml"
_REPOSITORY = (".git", ".hg", ".svn", ".jj")
_PROJECT = (SHARED, "pytest.ini", "tox.ini", "setup.cfg", "setup.py")
_LARGEST = 1_000_000
_AT_LINE = re.compile(r" \(at line (\d+), column (\d+)\)\Z")
_AT_END = re.compile(r" \(at end of document\)\Z")


def find_plan(start: Path, explicit: Path | None = None) -> Path | None:
    """The file that holds the plan; ``None``: the project has none.

    ``explicit`` (the option ``--plan``) is taken as it is. Otherwise every folder is looked at from
    ``start`` upwards to the project root, the nearest plan wins, and in one folder
    ``stagewatch.toml`` wins over ``pyproject.toml``. The root is the nearest folder with a version
    control folder such as ``.git``; without one, the nearest with ``pyproject.toml``,
    ``pytest.ini``, ``tox.ini``, ``setup.cfg`` or ``setup.py``; without that, ``start`` itself. So
    a plan that lies in a home or temporary folder above is never picked up by accident.
    """
    if explicit is not None:
        return explicit
    start = Path(os.path.abspath(start))  # noqa: PTH100 - a linked folder's own parents are looked at
    folder = start if start.is_dir() else start.parent
    for each in _up_to_root(folder):
        own, shared = each / OWN, each / SHARED
        if os.path.lexists(own):
            return own
        if _has_plan(shared):
            return shared
    return None


def read_plan(path: Path) -> Plan:
    """The plan in a file. Raises StagewatchError (exit code 2) with the first mistake in it."""
    return _read(path, ())[0]


def _read(path: Path, above: tuple[Path, ...]) -> tuple[Plan, dict[str, Any]]:
    """The plan and its raw tables, those it extends among them. ``above``: the files that extend this one."""
    text = _text(path)
    raw = _parsed(path, text)
    source = os.fsencode(os.path.abspath(path)).decode("utf-8", "backslashreplace")  # noqa: PTH100
    if path.name != SHARED:
        written: dict[Place, Place] = {}
        if "extends" in raw:
            below = _extended(path, raw.pop("extends"), Document(path, text), (*above, path.resolve()))
            raw, written = extend(below, raw)
        return Reader(Document(path, text, (), written)).plan(raw, source), raw
    tool = raw.get("tool")
    own = tool.get("stagewatch") if isinstance(tool, dict) else None
    document = Document(path, text, ("tool", "stagewatch"))
    if own is None:
        raise StagewatchError(f"{display_name(path)}: expected a table [tool.stagewatch], found none")
    if not isinstance(own, dict):
        raise document.mistake((), f"tool.stagewatch: expected a table [tool.stagewatch], found {kind(own)}")
    return Reader(document).plan(own, source), own


def _extended(path: Path, named: object, document: Document, above: tuple[Path, ...]) -> dict[str, Any]:
    """The raw tables of the plan that this one extends, which has to be good by itself."""
    if not isinstance(named, str) or not named:
        raise document.mistake(("extends",), f"extends of the plan: expected a file name, found {kind(named)}")
    file = path.parent / named
    if file.resolve() in above:
        raise document.mistake(("extends",), f"extends of the plan: {quoted(named)} extends this plan itself")
    if not file.is_file():
        raise document.mistake(("extends",), f"extends of the plan: expected a plan file, there is no {quoted(named)}")
    return _read(file, above)[1]


def _up_to_root(folder: Path) -> list[Path]:
    folders = [folder, *folder.parents]
    for marks in (_REPOSITORY, _PROJECT):
        for index, each in enumerate(folders):
            if any(os.path.lexists(each / mark) for mark in marks):
                return folders[: index + 1]
    return [folder]


def _has_plan(shared: Path) -> bool:
    try:
        data = shared.read_bytes()
    except OSError:
        return False
    if b"stagewatch" not in data:
        return False
    try:
        tool = tomllib.loads(data.decode()).get("tool")
    except (ValueError, RecursionError):
        return re.search(rb"(?m)^\s*\[+\s*tool\s*\.\s*[\"']?stagewatch\b", data) is not None
    return isinstance(tool, dict) and "stagewatch" in tool


def _text(path: Path) -> str:
    name = display_name(path)
    try:
        if path.is_dir():
            raise StagewatchError(f"{name}: expected a plan file, found a folder (a plan is usually {name}/{OWN})")
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except OSError as error:
        raise StagewatchError(f"{name}: the plan can't be read ({error.strerror or 'unknown reason'})") from None
    except ValueError:
        raise StagewatchError(f"{name}: the plan can't be read (its name holds a NUL character)") from None
    if len(data) > _LARGEST:
        raise StagewatchError(f"{name}: expected a plan of at most 1 MB, found a larger file")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise StagewatchError(
            f"{name}:{line}: expected text in UTF-8, found the byte 0x{data[error.start]:02x}"
        ) from None


def _parsed(path: Path, text: str) -> dict[str, Any]:
    name = display_name(path)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        what, line, column = str(error), max(1, len(text.splitlines())), 0
        if match := _AT_LINE.search(what):
            what, line, column = what[: match.start()], int(match[1]), int(match[2])
        what = _AT_END.sub(" at the end of the file", what)
        where = f" in column {column}" if column else ""
        raise StagewatchError(f"{name}:{line}: expected TOML, found a mistake{where}: {what}") from None
    except (ValueError, RecursionError):  # a number of more digits, or values nested deeper, than Python takes
        raise StagewatchError(f"{name}: expected a plan, found a number or a nesting that is beyond reason") from None
