"""One tier per top-level test folder: what that means in a project without a plan.

A test's folder is the first one below the *base*; the base is a folder that all tests share:

- if all share a path with a folder of tests in it (``tests``, ``test``, ``testing``, ``spec``,
  ``specs``), the base ends there: ``src/shop/tests/unit/test_a.py`` is in ``unit``;
- else it is the top folder, if all share one;
- else it is the project's root.

A test that lies directly in the base is in a tier named for the base (``tests``), or ``top`` if
that is the root. So the tier of ``tests/unit/test_a.py`` is ``unit`` whether all of a usual
project is collected or only this file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec

TOP = "top"
_TEST_FOLDERS = frozenset({"tests", "test", "testing", "spec", "specs"})


class Layout(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was decided about the folders of an iteration: which are tiers of their own.

    ``base`` as above. ``own`` is in the order to show them: by name, those that came later
    behind. ``room``: how many there may be. ``has_other``: the rest is merged.
    """

    base: str = ""
    own: tuple[str, ...] = ()
    room: int = 12
    has_other: bool = False

    @property
    def is_blank(self) -> bool:
        """Nothing was decided yet: no test had need of a folder."""
        return not (self.base or self.own or self.has_other)

    def grown(self, sizes: Counter[str], *, whole: bool) -> Layout:
        """This layout with more folders. ``whole``: they are all there are, so the largest get the room."""
        new = sorted(set(sizes) - set(self.own))
        if not new:
            return self
        if whole and len(new) > self.room:
            largest = sorted(new, key=lambda name: (-sizes[name], name))[: self.room - 1]
            return msgspec.structs.replace(self, own=tuple(sorted(largest)), has_other=True)
        room = 0 if self.has_other else max(0, self.room - len(self.own))
        return msgspec.structs.replace(
            self, own=self.own + tuple(new[:room]), has_other=self.has_other or len(new) > room
        )


def base_of(paths: Iterable[str]) -> str:
    """The folder whose sub-folders are tiers; ``""`` is the root."""
    all_folders = [_folders(path) for path in paths]
    shared = all_folders[0] if all_folders else []
    for folders in all_folders:
        shared = shared[: _depth_shared(shared, folders)]
    for depth, name in enumerate(shared, start=1):
        if name.lower() in _TEST_FOLDERS:
            return "/".join(shared[:depth])
    return shared[0] if shared else ""


def folder_of(path: str, base: str) -> str:
    """The name of the folder that a test's tier is named for."""
    folders, shared = _folders(path), base.split("/") if base else []
    depth = _depth_shared(folders, shared)
    if len(folders) > depth:
        return folders[depth]
    return folders[-1] if folders else TOP


def _folders(path: str) -> list[str]:
    """The folders of a path; a path that leaves the root is taken as if it began there."""
    return [part for part in path.split("/")[:-1] if part not in ("", ".", "..")]


def _depth_shared(one: list[str], other: list[str]) -> int:
    """How many folders two paths begin with alike."""
    depth = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        depth += 1
    return depth
