"""Closing what a killed session left open, for those who only want to look."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from tui import places, queries
from tui.errors import StagewatchError
from tui.session.records import ProjectLock


def close_interrupted(root: Path) -> None:
    """Have the iterations of a project whose session was killed be *interrupted*, not running for ever.

    Where a session lives, or the journal can't be written, nothing is done: reading goes on as it can.
    """
    folder = places.project_folder(root)
    lock = ProjectLock(root)
    if not queries.count(folder) or not lock.take():
        return
    try:
        from tui.journal.journal import Journal

        with suppress(StagewatchError), Journal.open(folder) as journal:
            journal.interrupt_orphans(lambda session: False)
    finally:
        lock.release()
