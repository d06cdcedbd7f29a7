"""What a process holds beside its memory: threads, descriptors, children, folders that end with it; and since when."""

from __future__ import annotations

import os
import tempfile
import time
import weakref
from collections.abc import Iterable
from typing import Any

from .setup import open_descriptors

_EARLY = "a conftest.py or a plugin"
_MOST_PLACES = 3
"""Places that are named for one finding."""
_LOOKS = 20


class Sightings:
    """When each thing was first seen: in the collection of which module.

    ``look`` costs some microseconds a module, and is what tells a person where to mend it.
    """

    def __init__(self, descriptors: set[int], own: Iterable[int] = ()) -> None:
        """``descriptors``: those that were open before the project's own code ran. ``own``: the agent's processes."""
        self.before = descriptors
        self._own = own
        self._seen: dict[tuple[str, Any], str] = {}
        """By a kind (*thread*, *descriptor*, *process*, *folder*) and which it is."""

    def look(self, where: str) -> None:
        """``where``: what has just been collected, by its node id; empty: nothing yet, only plugins and conftests."""
        # What is gone is forgotten: its number may be another's by the next look.
        self._seen = {held: self._seen.get(held, where or _EARLY) for held in self._held()}

    def descriptors(self) -> list[tuple[int, str]]:
        """Those of the project, with what they are open on."""
        opened = sorted(open_descriptors() - self.before)
        return [(descriptor, target(descriptor)) for descriptor in opened]

    def processes(self) -> list[int]:
        """The children that the project has started."""
        return sorted(_children() - set(self._own))

    def since(self, kind: str, which: Iterable[Any]) -> str:
        """Where these were first seen, a few of the places by name."""
        places = sorted({where for where in (self._seen.get((kind, one)) for one in which) if where})
        more = f" and {len(places) - _MOST_PLACES} more" if len(places) > _MOST_PLACES else ""
        return ", ".join(places[:_MOST_PLACES]) + more

    def _held(self) -> list[tuple[str, Any]]:
        return [
            *(("thread", thread) for thread in threads()),
            *(("descriptor", one) for one in self.descriptors()),
            *(("process", pid) for pid in self.processes()),
            *(("folder", name) for name in folders()),
        ]


def threads() -> set[int]:
    """Their ids in the system, where it can tell them."""
    try:
        return {int(name) for name in os.listdir("/proc/self/task")}
    except OSError:
        return set()


def target(descriptor: int) -> str:
    """What a descriptor is open on, in the system's words."""
    try:
        return os.readlink(f"/proc/self/fd/{descriptor}")
    except OSError:
        return ""  # it is closed


def folders() -> list[str]:
    """Temporary folders that each process removes that has the object, a forked worker too."""
    registry: Any = getattr(weakref.finalize, "_registry", {})
    cleanup = tempfile.TemporaryDirectory._cleanup.__func__  # type: ignore[attr-defined]
    return sorted(
        os.path.basename(str(info.args[0]))
        for info in list(registry.values())
        if getattr(info.func, "__func__", None) is cleanup and info.args
    )


def name_of(pid: int) -> str:
    """What a process runs. One that has only just been started shows nothing yet, for less than a millisecond."""
    for _ in range(_LOOKS):
        try:
            with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="backslashreplace") as file:
                program = file.read().partition("\0")[0]
        except OSError:
            break
        if program:
            return os.path.basename(program)
        time.sleep(0.001)
    return f"process {pid}"


def _children() -> set[int]:
    found: set[int] = set()
    for thread in threads():
        try:
            with open(f"/proc/self/task/{thread}/children") as file:
                found.update(map(int, file.read().split()))
        except OSError:
            continue  # it has ended, or the system does not tell
    return found
