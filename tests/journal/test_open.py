"""Which files are taken for a journal, and who may read them."""

from __future__ import annotations

import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from tests.journal.runs import run
from tui.errors import StagewatchError
from tui.events import IterationEnded
from tui.journal import database, filesystem, schema
from tui.journal.database import CannotRecord
from tui.journal.filesystem import network_type
from tui.journal.journal import Journal
from tui.journal.writer import append
from tui.state import replay

VERSIONS = Path(__file__).parent / "versions"


def test_only_the_user_may_read_it(tmp_path: Path) -> None:
    with Journal.open(tmp_path) as journal:
        journal.begin("s")

        for file in tmp_path.iterdir():
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name


def test_iterations_are_numbered_from_one(tmp_path: Path) -> None:
    with Journal.open(tmp_path) as journal:
        assert [journal.begin("a"), journal.begin("b")] == [1, 2]
    with Journal.open(tmp_path) as journal:
        assert journal.begin("c") == 3


def test_where_nothing_was_recorded_reading_makes_no_file(tmp_path: Path) -> None:
    assert Journal.read(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_a_newer_journal_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / database.FILE)) as connection:
        connection.execute(f"PRAGMA user_version = {schema.VERSION + 1}")

    for opening in (Journal.open, Journal.read):
        with pytest.raises(StagewatchError, match="by a newer Stagewatch") as refusal:
            opening(tmp_path)
        assert not isinstance(refusal.value, CannotRecord)


@pytest.mark.parametrize("version", range(1, schema.VERSION + 1))
def test_the_journal_of_every_version_can_be_read_and_written(tmp_path: Path, version: int) -> None:
    shutil.copy(VERSIONS / f"{version}.sqlite3", tmp_path / database.FILE)

    with Journal.open(tmp_path) as journal:
        state = replay(journal.events(1))
        assert [test.outcome for test in state.tests.values()] == ["passed", "failed", "passed"]
        assert [attempt.outcome for attempt in state.tests[2].attempts] == ["failed", "passed"]
        assert journal.evidence(1, 2, 1) is not None
        assert journal.baseline(before=2).usual
        assert set(journal.distrusted()) == ({"test_shop.py"} if version >= 3 else set())
        assert [one.outcome for one in journal.past("test_shop.py::test_2", 0).attempts] == ["failed", "passed"]
        assert journal.interrupt_orphans(lambda session: False) == [2]
        assert journal.begin("s") == 3


@pytest.mark.parametrize("version", range(1, schema.VERSION + 1))
def test_who_only_reads_an_older_journal_leaves_it_so(tmp_path: Path, version: int) -> None:
    shutil.copy(VERSIONS / f"{version}.sqlite3", tmp_path / database.FILE)
    journal = Journal.read(tmp_path)
    assert journal is not None
    with journal:
        assert [one.outcome for one in journal.past("test_shop.py::test_2", 0).attempts] == ["failed", "passed"]
        assert journal.baseline(before=3).last
        assert journal.baseline(before=3).has_disagreed is (version >= 3)
    with closing(sqlite3.connect(tmp_path / database.FILE)) as connection:
        assert schema.version(connection) == version


@pytest.mark.parametrize("content", [b"once upon a time " * 100, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_file_that_is_no_journal_is_left_alone(tmp_path: Path, content: bytes) -> None:
    (tmp_path / database.FILE).write_bytes(content)

    with pytest.raises(CannotRecord, match=r"can't be written: it is (not a journal|damaged); move it away"):
        Journal.open(tmp_path)
    with pytest.raises(StagewatchError, match=r"can't be read: it is (not a journal|damaged); move it away"):
        Journal.read(tmp_path)
    assert (tmp_path / database.FILE).read_bytes() == content


def test_a_path_is_taken_to_the_letter(tmp_path: Path) -> None:
    folder = tmp_path / "50% of ?mode=ro & #1 \N{GRINNING FACE}"
    folder.mkdir()
    with Journal.open(folder) as journal:
        assert journal.begin("s") == 1
    reader = Journal.read(folder)
    assert reader is not None
    reader.close()
    assert (folder / database.FILE).exists()


def test_events_of_a_newer_stagewatch_are_refused(tmp_path: Path) -> None:
    with Journal.open(tmp_path) as journal, closing(database.open_again(tmp_path)) as connection:
        for number, body in enumerate(
            [b'{"event":"new-kind","at":1}', b'{"event":"noticed","at":1,"text":7}'], start=1
        ):
            connection.execute("INSERT INTO event VALUES (?, 1, ?)", (number, body))
            with pytest.raises(StagewatchError, match=f"iteration {number} was recorded by a newer Stagewatch"):
                list(journal.events(number))


MOUNTS = """\
/dev/sda / ext4 rw 0 0
filer:/home /home nfs4 rw,vers=4.2 0 0
/dev/sdb /home/ann/local xfs rw 0 0
//nas/x /mnt/with\\040space cifs rw 0 0
tmpfs /over tmpfs rw 0 0
host: /over fuse.sshfs rw 0 0
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/home/ann/state", "nfs4"),
        ("/home", "nfs4"),
        ("/homeless", None),
        ("/home/ann/local/state", None),
        ("/mnt/with space/x", "cifs"),
        ("/over/x", "fuse.sshfs"),
        ("/var", None),
    ],
)
def test_network_file_systems_are_known(folder: str, kind: str | None) -> None:
    assert network_type(Path(folder), MOUNTS) == kind


def test_a_journal_on_a_network_file_system_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "network_type", lambda folder: filesystem.network_type(folder, "f:/ / nfs rw 0 0"))

    with pytest.raises(StagewatchError, match=r"network file system \(nfs\); set XDG_STATE_HOME"):
        Journal.open(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_orphans_are_ended_once_and_the_living_are_left_alone(tmp_path: Path) -> None:
    with Journal.open(tmp_path) as journal, Journal.open(tmp_path) as other:
        for session in ("dead", "alive"):
            number = journal.begin(session)
            with closing(database.open_again(tmp_path)) as connection:
                append(connection, number, run(["passed"], number, ends=False)[:5])

        found = [one.interrupt_orphans(lambda session: session == "alive") for one in (journal, other)]

        assert found == [[1], []]
        *_, last = journal.events(1)
        assert isinstance(last.event, IterationEnded)
        assert last.event.interrupted
        assert "killed" in last.event.why
        assert len(list(journal.events(2))) == 5
