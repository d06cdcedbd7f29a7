"""Whether the collected process may be forked, or what stands in the way, and since when.

A fork takes along one thread and all open descriptors: a lock that another thread held stays
locked for ever, and two processes that share a connection speak into each other's words.
"""

from __future__ import annotations

import fcntl
import os
import stat
import sys
import threading
from typing import Any

from .setup import open_descriptors

_DATABASES = (".db", ".sqlite", ".sqlite3")
_SQLITE = b"SQLite format 3\0"
_EARLY = "a conftest.py or a plugin"
_MOST_PLACES = 3
"""Places that are named for one finding."""


class Sightings:
    """When each thread and each descriptor was first seen: in the collection of which module.

    ``look`` costs some microseconds a module, and is what tells a person where to mend it.
    """

    def __init__(self, descriptors: set[int]) -> None:
        """``descriptors``: those that were open before the project's own code ran."""
        self.before = descriptors
        self._threads: dict[int, str] = {}
        self._descriptors: dict[tuple[int, str], str] = {}

    def look(self, where: str) -> None:
        """``where``: what has just been collected, by its node id; empty: nothing yet, only plugins and conftests."""
        where = where or _EARLY
        # What is gone is forgotten: its number may be another's by the next look.
        self._threads = {thread: self._threads.get(thread, where) for thread in _threads()}
        opened = {(descriptor, _target(descriptor)) for descriptor in open_descriptors() - self.before}
        self._descriptors = {one: self._descriptors.get(one, where) for one in opened}

    def of_threads(self) -> str:
        alive = _threads() - {os.getpid()}
        return _places([where for thread, where in self._threads.items() if thread in alive])

    def of_descriptor(self, descriptor: int, target: str) -> str:
        return _places([self._descriptors.get((descriptor, target), "")])


def reason_against_forking(descriptors_before: set[int]) -> str | None:
    """In a few words the first thing that makes forking unsafe; None where nothing does."""
    found = against_forking(Sightings(descriptors_before))
    return found[0][1] if found else None


def against_forking(sightings: Sightings) -> list[list[str]]:
    """What makes forking unsafe: of each its kind, in a few words what it is, and where it was first seen."""
    found = []
    threads = _thread_count()
    if threads > 1:
        names = sorted(thread.name for thread in threading.enumerate() if thread is not threading.main_thread())
        what = f"{threads} threads after collection" + (f" ({', '.join(names)})" if names else "")
        found.append(["threads", what, sightings.of_threads()])
    for descriptor in sorted(open_descriptors() - sightings.before):
        target = _target(descriptor)
        kind = _kind(descriptor, target)
        if kind:
            name = f" ({os.path.basename(target)})" if kind[0] == "database" else ""
            found.append([kind[0], kind[1] + name, sightings.of_descriptor(descriptor, target)])
    return found


def of_files(sightings: Sightings) -> list[list[str]]:
    """Files that forks would write into side by side, each over what the others wrote; in the same form.

    One that is appended to (a log) loses nothing, and one without a name (pytest's captured output) is each worker's.
    """
    found = []
    for descriptor in sorted(open_descriptors() - sightings.before):
        target = _target(descriptor)
        if target.startswith("/") and not target.startswith("/dev/") and _is_overwritten(descriptor):
            what = f"a file opened for writing during collection ({os.path.basename(target)})"
            found.append(["file", what, sightings.of_descriptor(descriptor, target)])
    return found


def of_libraries(is_unsafe: bool) -> list[list[str]]:
    """What to know of libraries that were imported, and stands in nobody's way by itself; in the same form.

    ``is_unsafe``: workers are no forks, for another reason.
    """
    found = []
    if "grpc" in sys.modules:
        found.append(["grpc", "grpc was imported during collection", ""])
    if "numpy" in sys.modules and is_unsafe and _nameless_threads():
        found.append(
            ["openblas", "numpy was imported during collection, and there are threads that Python has no name for", ""]
        )
    if "numpy.random" in sys.modules and not is_unsafe:
        found.append(["numpy", "numpy's random state was made during collection", ""])
    return found


def costs_of(plugins: Any) -> list[list[str]]:
    """What makes every worker slower, forked or not; in the same form. ``plugins``: pytest's plugin manager."""
    if plugins.hasplugin("_cov"):
        return [["coverage", "the project's options measure coverage (pytest-cov)", ""]]
    return []


def _kind(descriptor: int, target: str) -> tuple[str, str] | None:
    if target.startswith("socket:"):
        return "socket", "a socket opened during collection"
    if target.startswith("pipe:"):
        return "pipe", "a pipe opened during collection"
    if "eventpoll" in target:
        return "event-loop", "an event loop made during collection"
    if target and (target.endswith(_DATABASES) or _holds_database(descriptor)):
        return "database", "a database opened during collection"
    return None


def _places(found: list[str]) -> str:
    places = sorted({where for where in found if where})
    more = f" and {len(places) - _MOST_PLACES} more" if len(places) > _MOST_PLACES else ""
    return ", ".join(places[:_MOST_PLACES]) + more


def _target(descriptor: int) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{descriptor}")
    except OSError:
        return ""  # it was the one that listed the others


def _holds_database(descriptor: int) -> bool:
    """Whatever its name: read through its own descriptor, as closing another one would give up SQLite's locks."""
    try:
        return os.pread(descriptor, len(_SQLITE), 0) == _SQLITE
    except OSError:
        return False


def _threads() -> set[int]:
    """Their ids in the system, where it can tell them."""
    try:
        return {int(name) for name in os.listdir("/proc/self/task")}
    except OSError:
        return set()


def _is_overwritten(descriptor: int) -> bool:
    try:
        about, flags = os.fstat(descriptor), fcntl.fcntl(descriptor, fcntl.F_GETFL)
    except OSError:
        return False
    is_named = stat.S_ISREG(about.st_mode) and about.st_nlink > 0
    return is_named and flags & os.O_ACCMODE != os.O_RDONLY and not flags & os.O_APPEND


def _nameless_threads() -> int:
    """How many there are that C code has started."""
    return len(_threads()) - threading.active_count()


def _thread_count() -> int:
    return len(_threads()) or threading.active_count()
