"""Which tests a change of files touches, as far as that is known: pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from tui.state import RunState

MOST = 50
"""Tests that run unasked for what they import. A saved test file's own run however many they are."""


class Dependents(NamedTuple):
    """Files that import what was saved, and those of which only a conftest.py does (``far`` holds both)."""

    near: set[str]
    far: set[str]


class Touched(NamedTuple):
    """``left``: how many more there are, that are too many to run unasked."""

    tests: list[int]
    left: int = 0


def touched(state: RunState, paths: Iterable[str], dependents: Dependents) -> Touched:
    """The tests of the files themselves, then those of their dependents, unless these are too many. Of a part of a plan
    only what somebody has asked for.
    """
    saved = dict.fromkeys(paths)
    asked = {test for one in state.passes for test in one.tests} if state.partial else state.tests.keys()
    by_file: dict[str, list[int]] = {}
    for test in state.present():
        if test.id in asked:
            by_file.setdefault(test.path or test.node.partition("::")[0], []).append(test.id)

    def of(files: Iterable[str]) -> list[int]:
        return [test for file, tests in by_file.items() if file in files for test in tests]

    own = of(saved)
    near, far = of(dependents.near - saved.keys()), of(dependents.far - saved.keys())
    for some in (far, near):
        if len(some) <= MOST:
            return Touched(own + some, len(far) - len(some))
    return Touched(own, len(far))
