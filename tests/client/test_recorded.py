from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from tests.journal.runs import EVIDENCE, finished, place, run
from tui.client.feed import Feed
from tui.client.recorded import RecordedFeed
from tui.errors import StagewatchError
from tui.events import Event
from tui.journal import database
from tui.journal.journal import Journal
from tui.journal.writer import Entry, Writer
from tui.protocol import Refused, Rerun
from tui.state import replay

ENDED = run(["passed", "failed"])
RERUN = [*run(["passed"], iteration=2, ends=False), finished(0, "failed", evidence=True)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with Journal.open(tmp_path) as journal, closing(database.open_again(tmp_path)) as connection:
        for events in (ENDED, RERUN):
            entries = [Entry(one, EVIDENCE if one.event is RERUN[-1] else None) for one in place(events)]
            Writer(connection, journal.begin("s")).write(entries)
    return tmp_path


async def test_an_old_iteration_is_all_there_and_nothing_follows(folder: Path) -> None:
    feed: Feed = RecordedFeed.load(folder, 1)
    before_updates = feed.state
    batches: list[list[Event]] = [list(batch) async for batch in feed.updates()]

    assert before_updates == replay(place(ENDED))
    assert batches == []
    assert feed.session == ""
    assert feed.read_only == feed.farewell == "iteration 1 has ended: `stagewatch run` starts the next"


async def test_a_command_is_refused_with_the_reason(folder: Path) -> None:
    answer = await RecordedFeed.load(folder, 1).send(Rerun("failed"))

    assert answer == Refused("iteration 1 has ended: `stagewatch run` starts the next")


async def test_without_a_number_it_is_the_latest_and_says_if_it_still_runs(folder: Path) -> None:
    feed = RecordedFeed.load(folder)

    assert feed.read_only == "this is what is recorded of iteration 2 so far: `stagewatch attach` joins it"
    assert await feed.evidence(0, 2) == EVIDENCE
    assert await feed.evidence(0, 1) is None


def test_an_iteration_that_does_not_exist_is_an_error_for_the_user(folder: Path) -> None:
    with pytest.raises(StagewatchError, match="there is no iteration 9; recorded: 1 to 2"):
        RecordedFeed.load(folder, 9)
