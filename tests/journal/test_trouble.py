"""Real trouble, in real processes: killed in mid-stream, a full disk, a folder that can't be written."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journal.runs import run
from tui.journal.database import CannotRecord
from tui.journal.journal import Journal
from tui.state import replay

KILLS = 10


def stream(folder: Path, *args: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.journal.stream", str(folder), *args],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )


def test_a_session_killed_in_mid_stream_loses_nothing_that_was_shown(tmp_path: Path) -> None:
    for kill in range(1, KILLS + 1):
        with stream(tmp_path) as process:
            assert process.stdout is not None
            shown = [int(process.stdout.readline()) for _ in range(20 * kill)]
            process.kill()
            # What follows the last line end may be cut: it counts for nothing.
            *rest, _ = process.stdout.read().split(b"\n")
            shown += [int(line) for line in rest]

        with Journal.open(tmp_path) as journal:
            recorded = [record.seq for record in journal.events(kill)]

            assert shown == list(range(1, len(shown) + 1))
            assert recorded == list(range(1, len(recorded) + 1))
            assert set(shown) <= set(recorded)

            assert journal.interrupt_orphans(lambda session: session != str(process.pid)) == [kill]
            state = replay(journal.events(kill))
            assert state.interrupted
            assert state.ended == 101.0, "an orphan ended when it was last heard of"
            attempts = state.tests[0].attempts
            assert len(attempts) > 1
            assert all(journal.evidence(kill, 0, n) for n in range(2, len(attempts) + 1))


def test_on_a_full_disk_the_run_goes_on_and_says_so(tmp_path: Path) -> None:
    with stream(tmp_path, "400000") as process:
        assert process.stdout is not None
        lines = process.stdout.read().decode().splitlines()
    assert process.returncode == 0
    [news] = [n for n, line in enumerate(lines) if line.startswith("failed:")]

    assert "can't be written: the disk" in lines[news]
    shown = [int(line) for line in lines if not line.startswith("failed:")]
    assert shown == list(range(1, len(shown) + 1)), "viewers get what can't be written, too"
    assert len(shown) >= news + 5
    with Journal.open(tmp_path) as journal:
        recorded = [record.seq for record in journal.events(1)]
        assert recorded == list(range(1, len(recorded) + 1)), "no gap, although the end is missing"
        assert 8 < len(recorded) < len(shown)
        assert journal.interrupt_orphans(lambda session: False) == [1]


@pytest.fixture
def foreign_folder() -> Iterator[Path]:
    """A folder that this process may read but not write. (Root may write anywhere, so it is nobody for a while.)"""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with Journal.open(folder) as journal:
            journal.begin("s")
        # What a colleague's umask or a read-only home leaves us: it can be read.
        (folder / "journal.sqlite3").chmod(0o444)
        folder.chmod(0o555)
        root = os.geteuid() == 0
        if root:
            os.seteuid(65534)
        try:
            yield folder
        finally:
            if root:
                os.seteuid(0)
            folder.chmod(0o755)


def test_a_folder_that_can_not_be_written_is_said_at_the_start(foreign_folder: Path) -> None:
    with pytest.raises(CannotRecord, match=r"journal\.sqlite3 can't be written: Permission denied"):
        Journal.open(foreign_folder)


def test_a_folder_that_can_not_be_written_can_be_read(foreign_folder: Path) -> None:
    journal = Journal.read(foreign_folder)

    assert journal is not None
    with journal:
        assert journal.numbers() == []


def test_a_journal_can_be_read_while_it_is_written(tmp_path: Path) -> None:
    with stream(tmp_path) as process:
        assert process.stdout is not None
        shown = [int(process.stdout.readline()) for _ in range(len(run(["passed"])) + 20)][-1]
        reader = Journal.read(tmp_path)
        assert reader is not None
        with reader:
            assert len(list(reader.events(1))) >= shown
        process.kill()
        process.stdout.read()
