"""How far each person has seen a project's runs: an iteration, and the last of its events that was drawn.

No copy of what was seen: what has happened since is found by asking the journal for the run as it was then.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path

import msgspec

from tui.documents import write_document
from tui.errors import StagewatchError


class Look(msgspec.Struct, frozen=True):
    """Somebody's last look. ``at``: when, in seconds since the epoch."""

    iteration: int
    seq: int
    at: float


def last_look(folder: Path, who: str) -> Look | None:
    """Of a project, by its folder of the state; None when none is known."""
    try:
        return msgspec.json.decode(_path(folder, who).read_bytes(), type=Look)
    except (OSError, msgspec.DecodeError):
        return None


def keep_look(folder: Path, who: str, look: Look) -> None:
    """Where that can't be written, the next look has nothing to compare with."""
    with suppress(StagewatchError, OSError):
        path = _path(folder, who)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        write_document(str(path), msgspec.json.encode(look))


def _path(folder: Path, who: str) -> Path:
    return folder / "looks" / f"{hashlib.sha256(who.encode()).hexdigest()[:16]}.json"
