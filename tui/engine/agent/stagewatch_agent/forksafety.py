"""Whether the collected process may be forked, or what stands in the way.

A fork takes along one thread and all open descriptors: a lock that another thread held stays
locked for ever, and two processes that share a connection speak into each other's words.
"""

from __future__ import annotations

import os
import sys
import threading

from .setup import open_descriptors

_DATABASES = (".db", ".sqlite", ".sqlite3")
_SQLITE = b"SQLite format 3\0"


def reason_against_forking(descriptors_before: set[int]) -> str | None:
    """In a few words what makes forking unsafe; None where nothing does."""
    threads = _thread_count()
    if threads > 1:
        names = sorted(thread.name for thread in threading.enumerate() if thread is not threading.main_thread())
        return f"{threads} threads after collection" + (f" ({', '.join(names)})" if names else "")
    for descriptor in sorted(open_descriptors() - descriptors_before):
        try:
            target = os.readlink(f"/proc/self/fd/{descriptor}")
        except OSError:
            continue  # it was the one that listed the others
        if target.startswith("socket:"):
            return "a socket opened during collection"
        if target.startswith("pipe:"):
            return "a pipe opened during collection"
        if "eventpoll" in target:
            return "an event loop made during collection"
        if target.endswith(_DATABASES) or _holds_database(descriptor):
            return f"a database opened during collection ({os.path.basename(target)})"
    return None


def copied_state() -> str | None:
    """What forking copies without harm to any process, but not without a difference; None where there is nothing."""
    if "numpy.random" in sys.modules:
        return (
            "numpy's random state was made during collection: all forked workers and reruns draw the same numbers; "
            "seed it in a fixture, or make a generator where it is used"
        )
    return None


def _holds_database(descriptor: int) -> bool:
    """Whatever its name: read through its own descriptor, as closing another one would give up SQLite's locks."""
    try:
        return os.pread(descriptor, len(_SQLITE), 0) == _SQLITE
    except OSError:
        return False


def _thread_count() -> int:
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return threading.active_count()
