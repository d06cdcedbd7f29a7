"""Write the journal of today's schema version beside this file. Run once a version."""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from tests.journal.runs import EVIDENCE, finished, place, run
from tui.events import Disagreed
from tui.journal import database, schema
from tui.journal.journal import Journal
from tui.journal.writer import Entry, Writer


def make(target: Path) -> None:
    with tempfile.TemporaryDirectory() as name:
        with Journal.open(Path(name)) as journal:
            # The third test fails with evidence, then passes.
            *whole, end = [event for event in run(["passed", "failed", "failed"]) if not is_third_failure(event)]
            whole += [finished(2, "failed", evidence=True), finished(2, "passed")]
            whole += [Disagreed(102.5, 2, "test_shop.py", "failed", "passed"), end]
            for events in (whole, run(["passed"], iteration=2, ends=False)):
                number = journal.begin("session")
                with closing(database.open_again(journal.folder)) as connection:
                    Writer(connection, number).write(
                        [
                            Entry(recorded, EVIDENCE if is_third_failure(recorded.event) else None)
                            for recorded in place(events)
                        ]
                    )
        with closing(sqlite3.connect(Path(name) / database.FILE)) as connection:
            connection.execute(f"VACUUM INTO '{target}'")


def is_third_failure(event: object) -> bool:
    return getattr(event, "test", None) == 2 and getattr(event, "outcome", None) == "failed"


if __name__ == "__main__":
    make(Path(__file__).parent / f"{schema.VERSION}.sqlite3")
