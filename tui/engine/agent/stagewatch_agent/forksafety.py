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

from .sightings import Sightings, folders, name_of, threads

_DATABASES = (".db", ".sqlite", ".sqlite3")
_SQLITE = b"SQLite format 3\0"


def against_forking(sightings: Sightings) -> list[list[str]]:
    """What makes forking unsafe: of each its kind, in a few words what it is, and where it was first seen."""
    found = []
    count = _thread_count()
    if count > 1:
        names = sorted(thread.name for thread in threading.enumerate() if thread is not threading.main_thread())
        what = f"{count} threads after collection" + (f" ({', '.join(names)})" if names else "")
        found.append(["threads", what, sightings.since("thread", threads() - {os.getpid()})])
    for descriptor, target in sightings.descriptors():
        kind = _kind(descriptor, target)
        if kind:
            name = f" ({os.path.basename(target)})" if kind[0] == "database" else ""
            found.append([kind[0], kind[1] + name, sightings.since("descriptor", [(descriptor, target)])])
    for pid in sightings.processes():
        what = f"a process started during collection ({name_of(pid)})"
        found.append(["process", what, sightings.since("process", [pid])])
    for name in folders():
        what = "a temporary folder made during collection, which goes with the first process that ends"
        found.append(["folder", what, sightings.since("folder", [name])])
    return found


def shared_by_forks(sightings: Sightings, at_exit: list[str]) -> list[list[str]]:
    """What all forks have together, without harm to any process; in the same form.

    Files that they write into side by side, each over what the others wrote: one that is appended to (a log) loses
    nothing, and one without a name (pytest's captured output) is each worker's. ``at_exit``: files of the project that
    have registered something for the end of the process.
    """
    found = []
    for descriptor, target in sightings.descriptors():
        if target.startswith("/") and not target.startswith("/dev/") and _is_overwritten(descriptor):
            what = f"a file opened for writing during collection ({os.path.basename(target)})"
            found.append(["file", what, sightings.since("descriptor", [(descriptor, target)])])
    for place in dict.fromkeys(at_exit):
        found.append(["at-exit", "something was registered to be done at exit (atexit)", place])
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


def _holds_database(descriptor: int) -> bool:
    """Whatever its name: read through its own descriptor, as closing another one would give up SQLite's locks."""
    try:
        return os.pread(descriptor, len(_SQLITE), 0) == _SQLITE
    except OSError:
        return False


def _is_overwritten(descriptor: int) -> bool:
    try:
        about, flags = os.fstat(descriptor), fcntl.fcntl(descriptor, fcntl.F_GETFL)
    except OSError:
        return False
    is_named = stat.S_ISREG(about.st_mode) and about.st_nlink > 0
    return is_named and flags & os.O_ACCMODE != os.O_RDONLY and not flags & os.O_APPEND


def _nameless_threads() -> int:
    """How many there are that C code has started."""
    return len(threads()) - threading.active_count()


def _thread_count() -> int:
    return len(threads()) or threading.active_count()
