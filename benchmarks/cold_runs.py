"""What a fresh pytest process says of tests, and what a warm session says: both as ``parity_compare`` reads."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from kept_session import KeptSession
from parity import RECORDER, agent_mask
from parity_compare import Record, Result, plain_record
from real_projects import Copy

from tui.events import TestFinished


def cold(copy: Copy, nodes: Sequence[str]) -> Record:
    """One fresh process for these, in this order; nothing that was compiled before is used."""
    with tempfile.TemporaryDirectory(prefix="cold-") as folder:
        record = Path(folder) / "record.json"
        shutil.copy(RECORDER, folder)
        environment = {
            "PYTHONPATH": f"{folder}:{copy.environment['PYTHONPATH']}",
            "PARITY_RECORD": str(record),
            "PYTHONPYCACHEPREFIX": f"{folder}/compiled",
        }
        said = copy.run_pytest("-p", RECORDER.stem, "-p", "no:cacheprovider", *nodes, environment=environment)
        if not record.exists():
            raise SystemExit(f"{copy.case.name}: pytest wrote no record of {nodes}:\n{said[-3000:]}")
        return plain_record(json.loads(record.read_text()), agent_mask(copy.environment))


async def warm(session: KeptSession, event: TestFinished) -> Result:
    """What a session has recorded of one attempt, the last of its test."""
    test = session.state.tests[event.test]
    evidence = await session.feed.evidence(event.test, len(test.attempts)) if event.has_evidence else None
    return Result(
        outcome=event.outcome,
        sections=list(evidence.sections) if evidence else [],
        subtests=[(each.name, each.outcome) for each in evidence.subtests] if evidence else [],
        text=evidence.traceback if evidence else event.message,
        cut=evidence.cut if evidence else (),
    )
