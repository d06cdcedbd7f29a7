"""Finding and ending what tests left behind.

Everything that a run starts bears its mark: a variable in the environment that the zygote was
started with, which children inherit. What has shed its environment too is found because the
session adopts orphans (``adopt_orphans``).
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from collections.abc import Collection, Iterable
from contextlib import suppress

import psutil

_GRACE = 1.0
"""Seconds between TERM and KILL."""
_EXEC_LOOKS = 100
"""How often a process that is about to become another program is looked at, a millisecond apart."""
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_PRCTL = ctypes.CDLL(None).prctl if sys.platform == "linux" else None


def adopt_orphans() -> None:
    """Become the parent of every process below this one that loses its own (Linux; elsewhere nothing happens)."""
    if _PRCTL is not None:
        _PRCTL(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end_with_parent() -> None:
    """In a child that is about to become another program: it is killed when its parent dies (Linux)."""
    if _PRCTL is not None:
        _PRCTL(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def marked(mark: str) -> list[psutil.Process]:
    """The processes of this user that bear a mark (``NAME=value``)."""
    name, _, value = mark.partition("=")
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and _environment(process).get(name) == value:
                found.append(process)
        except (psutil.Error, OSError):
            continue  # gone meanwhile, or another user's
    return found


def _environment(process: psutil.Process) -> dict[str, str]:
    # Within execve(2), from its new memory until that is filled, Linux shows no environment (nor a command line) for a
    # process, and the one that started it may go on by then. A kernel thread never has one, and no executable either.
    for _ in range(_EXEC_LOOKS):
        begun = bool(process.cmdline())
        if (environment := process.environ()) or begun or not process.exe():
            return environment
        time.sleep(0.001)
    return {}


def end_orphans(mark: str, but: Iterable[int] = (), spare: str = "") -> list[str]:
    """End the marked and the adopted; says what was ended.

    Left alone are ``but`` (process ids) and what descends from them, and whatever bears the mark ``spare``.
    """
    # Looked for first, and only then who is spared: what a zygote forks meanwhile is not among the found.
    found = {process.pid: process for process in [*marked(mark), *psutil.Process().children()]}
    spared = {process.pid for process in marked(spare)} if spare else set()
    spared.update(but)
    for pid in list(spared):
        with suppress(psutil.Error):
            spared.update(child.pid for child in psutil.Process(pid).children(recursive=True))
    orphans = {pid: process for pid, process in found.items() if pid not in spared}
    ended = [text for process in orphans.values() if (text := _describe(process))]
    _end(orphans.values())
    return ended


def end_marked(mark: str) -> None:
    """End what bears a mark, and nothing else."""
    _end(marked(mark))


def _end(processes: Collection[psutil.Process]) -> None:
    for process in processes:
        with suppress(psutil.Error):  # gone meanwhile
            process.terminate()
    _, alive = psutil.wait_procs(processes, timeout=_GRACE)
    for process in alive:
        with suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(alive, timeout=_GRACE)


def _describe(process: psutil.Process) -> str:
    """``sleep 1000 (1234)``; empty for one that has ended and only waits to be buried."""
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return ""
        return f"{' '.join(process.cmdline())[:120] or process.name()} ({process.pid})"
    except psutil.Error:
        return ""
