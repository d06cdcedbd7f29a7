"""Which tests a change of files touches, as far as that is known: pure."""

from __future__ import annotations

from collections.abc import Iterable

from tui.state import RunState, Test


def touched(state: RunState, paths: Iterable[str]) -> list[int]:
    """The tests of the files themselves."""
    saved = set(paths)
    return [test.id for test in state.present() if _file(test) in saved]


def _file(test: Test) -> str:
    return test.path or test.node.partition("::")[0]
