"""What can be changed while an environment runs: its faults, its revision, its clock.

One small file in the environment's folder, replaced as a whole; every service looks at it before
it answers, so that a change counts from the next request on, and outlives a restart.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

_FILE = "switches.json"
_TURN = 0.1
"""Seconds for which one of two revisions answers, while one is rolled out: the same to all, so that an answer agrees
with itself."""


class Switches:
    """The switches of the environment in ``folder``. Reading costs one ``stat``."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / _FILE
        self._seen: tuple[int, int] = (0, 0)
        self._faults: frozenset[str] = frozenset()
        self._revision = self._incoming = ""
        self._offset = 0.0

    def on(self, fault: str) -> bool:
        """Whether a fault, by its full name, is switched on."""
        return fault in self.faults

    @property
    def faults(self) -> frozenset[str]:
        """The faults that are on."""
        self._look()
        return self._faults

    @property
    def revision(self) -> str:
        """What the environment says is deployed: while one is rolled out, now the old and now the new one."""
        self._look()
        return self._incoming if self._incoming and int(time.time() / _TURN) % 2 else self._revision

    def now(self) -> float:
        """Seconds since the epoch, by the services' clock."""
        self._look()
        return time.time() + self._offset

    def write(
        self,
        *,
        faults: Iterable[str] | None = None,
        revision: str | None = None,
        offset: float | None = None,
        rolling: bool = False,
    ) -> None:
        """Change some of it. Only one process (the supervisor before it forks, then the edge) may.

        ``rolling``: the revision is served beside the one before, until the next is written.
        """
        self._look()
        values: dict[str, Any] = {
            "faults": sorted(self._faults if faults is None else faults),
            "revision": self._revision if revision is None or rolling else revision,
            "incoming": self._incoming if revision is None else revision if rolling else "",
            "offset": self._offset if offset is None else offset,
        }
        new = self._path.with_suffix(".new")
        new.write_text(json.dumps(values))
        new.replace(self._path)

    def _look(self) -> None:
        try:
            status = os.stat(self._path)  # noqa: PTH116 - once a request: Path costs more than the call
        except FileNotFoundError:
            return
        if (seen := (status.st_mtime_ns, status.st_ino)) == self._seen:
            return
        values = json.loads(self._path.read_text())
        self._faults = frozenset(values["faults"])
        self._revision, self._incoming, self._offset = values["revision"], values["incoming"], values["offset"]
        self._seen = seen
