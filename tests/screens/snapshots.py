"""Golden texts of screens. ``STAGEWATCH_UPDATE_SNAPSHOTS=1`` writes them anew: look at the differences then."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).parent / "snapshots"


def matches(text: str, name: str) -> None:
    """Compare a screen's text with the golden one."""
    path = FOLDER / f"{name}.txt"
    if os.environ.get("STAGEWATCH_UPDATE_SNAPSHOTS") == "1":
        FOLDER.mkdir(exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")
    assert text + "\n" == path.read_text(encoding="utf-8")
