"""Edits of a project, of every kind that a warm rerun might miss, at random and seeded.

A block of tests of ours is at the end of one test file of the project. It prints whatever an edit changes (a constant,
a fixture, a module, a dependency), so that a rerun that has missed the edit prints something else than a fresh process.
"""

from __future__ import annotations

import os
import random
from dataclasses import dataclass, field
from pathlib import Path

from real_projects import Copy, save

DEPENDENCY = "dependency_of_the_benchmark"
_MARK = "\n\n# Tests of a benchmark.\n"
_LIBRARIES = ("colorsys", "bisect", "calendar")
_MISSING = ("module_that_is_not_there", "nor_is_this_one")
_BLOCK = """
import {library} as _library
import {dependency} as _dependency
import pytest as _pytest
import importlib as _importlib
_module = _importlib.import_module({module!r})
_CONSTANT = {constant}

@_pytest.fixture
def edited_fixture():
    print("fixture", {fixture})
    yield
    print("torn down", {fixture})

@_pytest.mark.parametrize("number", {numbers})
def {name}(number, edited_fixture):
    print(_CONSTANT, _library.__name__, _dependency.VERSION, getattr(_module, "_edited_by_the_benchmark", None))
    assert number != {fails}, (_CONSTANT, number)
"""


@dataclass
class Edits:
    """``apply`` edits the copy's files by one of ``KINDS``; what is rerun after it is ``copy.tests`` and ``other``."""

    copy: Copy
    outside: Path
    chance: random.Random
    _values: dict[str, object] = field(default_factory=dict)
    _count: int = 1

    def __post_init__(self) -> None:
        source = self.copy.module.relative_to(self.copy.root / self.copy.case.sources).with_suffix("")
        self.original = self.copy.tests.read_text()
        self.other = self.copy.tests.with_name("test_new_of_the_benchmark.py")
        self._values = {
            "library": "colorsys", "dependency": DEPENDENCY, "module": ".".join(source.parts), "constant": 1,
            "fixture": 1, "numbers": [1, 2], "name": "test_edited", "fails": 2,
        }  # fmt: skip
        self._depend(1)
        self._write()

    def apply(self, kind: str) -> None:
        """Make one edit of this kind; what the one before has broken is mended with it."""
        self._count += 1
        if self._values["library"] in _MISSING:
            self._values["library"] = "colorsys"
            self._write()
        getattr(self, f"_edit_{kind}")()

    def _write(self) -> None:
        save(self.copy.tests, self.original + _MARK + _BLOCK.format(**self._values))

    def _depend(self, version: int) -> None:
        save(self.outside / f"{DEPENDENCY}.py", f"VERSION = {version}\n")

    def _edit_constant(self) -> None:
        self._values["constant"] = self._count
        self._write()

    def _edit_fixture(self) -> None:
        self._values["fixture"] = self._count
        self._write()

    def _edit_parametrization(self) -> None:
        self._values["numbers"] = [self.chance.randrange(6) for _ in range(self.chance.randrange(1, 4))]
        self._values["fails"] = self.chance.randrange(6)
        self._write()

    def _edit_rename(self) -> None:
        self._values["name"] = f"test_edited_{self._count}"
        self._write()

    def _edit_import(self) -> None:
        """Some of these modules are not there: the file can't be collected until the next edit mends it."""
        others = [name for name in (*_LIBRARIES, *_MISSING) if name != self._values["library"]]
        self._values["library"] = self.chance.choice(others)
        self._write()

    def _edit_module(self) -> None:
        self.copy.edit(self.copy.module)

    def _edit_dependency(self) -> None:
        self._depend(self._count)

    def _edit_new_file(self) -> None:
        save(self.other, f"def test_edited_new(): print('new', {self._count})\n")

    def _edit_deleted_file(self) -> None:
        self.other.unlink(missing_ok=True)

    def _edit_touched(self) -> None:
        os.utime(self.copy.tests)

    def _edit_clock_set_back(self) -> None:
        """Another text, a year older than the one before."""
        self._edit_constant()
        before = self.copy.tests.stat().st_mtime_ns - 365 * 86400 * 10**9
        os.utime(self.copy.tests, ns=(before, before))

    def _edit_same_size_and_time(self) -> None:
        """In place, of the same length, with the time of the text before: only the clock of the change tells."""
        before = self.copy.tests.stat()
        text = self.copy.tests.read_text()
        shown = str(self._values["constant"])
        other = self.chance.choice([digit for digit in "123456789" if digit != shown[-1]])
        self._values["constant"] = int(shown[:-1] + other)
        self.copy.tests.write_text(
            text.replace(f"_CONSTANT = {shown}\n", f"_CONSTANT = {self._values['constant']}\n")
        )  # fmt: skip
        os.utime(self.copy.tests, ns=(before.st_atime_ns, before.st_mtime_ns))


KINDS = tuple(name.removeprefix("_edit_") for name in vars(Edits) if name.startswith("_edit_"))
DURING = "while_it_starts"
"""A constant that is edited at the moment that a rerun is asked for."""
