"""A session's own folder, for files that its processes hand to one another (``{session}`` in a plan): private, and
gone with the session.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from tui import places


class SessionFolder:
    """Made (mode 0700, empty) when the session begins, removed when it ends; that of a killed one by who buries it."""

    def __init__(self, session: str) -> None:
        self.path: Path = places.private_folder(session)

    def make(self) -> None:
        self.remove()
        self.path.mkdir(mode=0o700)

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
