"""A session in a process of its own, to be killed or starved: ``python -m tests.journal.stream FOLDER [BYTES]``.

Records one result after the other without end and prints the sequence number of each event that is published, a line
each, or ``failed: <why>``. With BYTES no file may grow beyond that; it ends by itself once that was noticed.
"""

from __future__ import annotations

import asyncio
import os
import resource
import sys
from pathlib import Path

from tests.journal.runs import EVIDENCE, finished, run
from tui.events import Recorded, RecordingFailed
from tui.journal.journal import Journal
from tui.journal.recorder import Recorder


async def stream(folder: Path, limit: int | None) -> None:
    with Journal.open(folder) as journal:
        failed = asyncio.Event()

        def publish(batch: list[Recorded]) -> None:
            lines = []
            for recorded in batch:
                lines.append(f"{recorded.seq}\n")
                if isinstance(recorded.event, RecordingFailed):
                    lines.append(f"failed: {recorded.event.why}\n")
                    failed.set()
            os.write(1, "".join(lines).encode())

        recorder = Recorder(journal, journal.begin(str(os.getpid())), publish)
        for event in run(["passed"], ends=False)[:-1]:
            recorder.record(event)
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        while not failed.is_set():
            recorder.record(finished(0, "failed", evidence=True), EVIDENCE)
            await asyncio.sleep(0.0002)
        for _ in range(5):
            recorder.record(finished(0, "failed", evidence=True), EVIDENCE)
        await recorder.close()


if __name__ == "__main__":
    asyncio.run(stream(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else None))
