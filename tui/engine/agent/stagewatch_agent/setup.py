"""What the session tells the agent before anything is collected, and the agent's way back to it."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from . import channel
from .changes import Reads, forget_compiled
from .mask import Mask, secrets_of

FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
WORKER_VARIABLE = "STAGEWATCH_WORKER_CHANNEL"
"""Set only in the environment of a fresh worker process: the descriptor of its socket to the zygote."""
SNAPSHOTS_VARIABLE = "STAGEWATCH_SNAPSHOTS"
"""Set where the session can make use of snapshots: ``level=descriptor`` of a socket for each, separated by commas."""


class Setup:
    """Taken from standard input (a zygote) or from the zygote's socket (a fresh worker), once, at import.

    Standard input and output belong to the session; from here on the tested project has
    ``/dev/null`` and the log in their place, and no trace of this folder in its import path.
    """

    def __init__(self) -> None:
        self.started_ns = time.time_ns()
        self.controls = {
            level: _kept(int(descriptor))
            for level, _, descriptor in (
                one.partition("=") for one in os.environ.pop(SNAPSHOTS_VARIABLE, "").split(",") if one
            )
        }
        """By level, the socket over which generations can be asked of the snapshot that is left there."""
        self.files: list[str] = []
        """What is to be collected instead of what pytest's arguments say; empty: all of it."""
        self.environment = dict(os.environ)
        """As it was before the project's own code could change it: what a fresh worker starts with."""
        inherited = os.environ.pop(WORKER_VARIABLE, None)
        self.is_worker = inherited is not None
        if inherited is None:
            self.to_agent, self.to_session = channel.keep(0), channel.keep(1)
            null = os.open(os.devnull, os.O_RDONLY)
            os.dup2(null, 0)
            os.close(null)
            os.dup2(2, 1)
        else:
            self.to_agent = self.to_session = _kept(int(inherited))
        self.descriptors = open_descriptors()
        """Those that were open before the project's own code ran."""
        self.lines = channel.Lines(self.to_agent)
        first = self.lines.next()
        if first is None:
            os._exit(1)  # whoever started us is gone already
        self.config: dict[str, Any] = json.loads(first)
        self.is_first = not self.is_worker and bool(self.config["is_first"])
        """Whether nothing of this session has been run before."""
        secrets = secrets_of({**os.environ, **self.config["environment"]}, self.config["credentials"])
        self.mask = Mask(secrets.union(self.config.get("secrets", ())))
        os.environ.update(self.config["environment"])
        forget_compiled(self.config["changed"], Path.cwd())
        _leave_no_trace()
        self.reads = Reads()
        """The files that are read from here on, until somebody says that it is enough."""

    def learn(self) -> None:
        """Mask what the project's own code has put into the environment by now, too (a ``.env`` file, a conftest)."""
        self.mask.learn(secrets_of(os.environ, self.config["credentials"]))


def _kept(fd: int) -> int:
    kept = channel.keep(fd)
    os.close(fd)
    return kept


def _leave_no_trace() -> None:
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or os.curdir) != FOLDER]
    rest = [
        part for part in os.environ.get("PYTHONPATH", "").split(os.pathsep) if part and os.path.abspath(part) != FOLDER
    ]
    if rest:
        os.environ["PYTHONPATH"] = os.pathsep.join(rest)
    else:
        os.environ.pop("PYTHONPATH", None)


def open_descriptors() -> set[int]:
    """The descriptors of this process, where the system can tell them."""
    try:
        listed = [int(name) for name in os.listdir("/proc/self/fd")]
    except OSError:
        return set()
    return {descriptor for descriptor in listed if _is_open(descriptor)}


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False  # it was the one that listed the others
    return True
