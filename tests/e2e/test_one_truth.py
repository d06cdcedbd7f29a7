"""One run, told by the live state, the journal, JSON, JUnit, the lines and the exit code: all the same."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import msgspec
import pytest

from tests.e2e.user import MIXED, Ended, User
from tui.gate import verdict
from tui.state import RunState, replay, total


class Run:
    def __init__(self, user: User) -> None:
        self.user = user
        self.root = user.project("mixed", MIXED)
        self.junit = user.home / "junit.xml"
        self.ended: Ended = user.run("--json", "-", "--junit", str(self.junit), cwd=self.root)
        self.document: Any = self.ended.document
        self.state: RunState = user.recorded(self.root)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    user = User(tmp_path_factory.mktemp("home"))
    yield Run(user)
    user.leave()


def test_the_journal_replayed_is_the_state_the_viewer_had(run: Run) -> None:
    counts = {outcome: count for outcome, count in run.document["counts"].items() if count}
    assert counts == total(run.state).outcomes
    attempts = [(test["id"], len(test["attempts"])) for test in run.document["tests"]]
    assert attempts == [(test.node, len(test.attempts)) for test in run.state.present()]


def test_json_keeps_to_its_schema(run: Run) -> None:
    schema = json.loads((Path(__file__).parents[2] / "docs" / "schemas" / "results.json").read_text())
    jsonschema.validate(run.document, schema)


def test_the_exit_code_is_the_verdicts_everywhere(run: Run) -> None:
    judged = verdict(run.state, time.time())
    assert run.ended.code == judged.exit_code == run.document["exit_code"] == 1
    assert run.document["verdict"] == judged.answer
    assert f"{judged.answer.upper()}, {judged.standing}: {judged.reasons[0]}" in run.ended.err


def test_junit_counts_the_same(run: Run) -> None:
    suites = ElementTree.parse(run.junit).getroot()
    cases = list(suites.iter("testcase"))
    counts = run.document["counts"]
    assert len(cases) == sum(counts.values()) == len(run.document["tests"])
    failed = sum(case.find("failure") is not None for case in cases)
    errors = sum(case.find("error") is not None for case in cases)
    assert failed + errors == counts["failed"] + counts["error"]


def _counts(text: str) -> list[tuple[str, str]]:
    return re.findall(r"(\d+) (\w+)", text)


def test_the_summary_counts_the_same(run: Run) -> None:
    said = re.search(r"(\d+) tests: (.*)", run.ended.err.split("NO-GO, final")[1])
    assert said is not None
    counts = {outcome: count for outcome, count in run.document["counts"].items() if count}
    words = {word.removesuffix("s") if word == "errors" else word: int(n) for n, word in _counts(said[2])}
    assert words == counts
    assert int(said[1]) == sum(counts.values())


def test_every_result_has_its_line(run: Run) -> None:
    lines = Counter(line.split()[0] for line in run.ended.err.splitlines() if re.match(r"\S+ +\d+\.\d\ds ", line))
    counts = {outcome: count for outcome, count in run.document["counts"].items() if count}
    assert lines == counts


def test_outcomes_are_pytests_own(run: Run) -> None:
    own = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--tb=no", "--continue-on-collection-errors"],
        cwd=run.root, env=run.user.env, capture_output=True, text=True,
    )  # fmt: skip
    found = {kind: int(n) for n, kind in _counts(own.stdout.splitlines()[-1].partition(" in ")[0])}
    outcomes = Counter(test["outcome"] for test in run.document["tests"])
    # A test that passed and whose teardown failed is both for pytest; an error for us.
    assert outcomes["passed"] + 1 == found["passed"]
    assert outcomes["failed"] == found["failed"]
    assert outcomes["error"] == found["errors"]
    assert outcomes["skipped"] == found["skipped"]
    assert (outcomes["xfailed"], outcomes["xpassed"]) == (found["xfailed"], found["xpassed"])


def test_show_tells_what_the_run_told(run: Run) -> None:
    shown = run.user.type("show", "--headless", cwd=run.root)
    assert shown.code == run.ended.code
    ending = run.ended.err[run.ended.err.index("\n\ntier") :]
    assert shown.out.endswith(ending)


def test_a_state_that_was_sent_goes_on_as_if_it_had_not_been(run: Run) -> None:
    from tui.journal.journal import Journal
    from tui.state import reduce

    with Journal.open(run.user.folder(run.root)) as journal:
        recorded = list(journal.events(1))
    whole = replay(iter(recorded))
    for cut in range(0, len(recorded), 3):
        sent = msgspec.json.decode(msgspec.json.encode(replay(iter(recorded[:cut]))), type=RunState)
        for record in recorded[cut:]:
            reduce(sent, record.event)
            sent.seq = record.seq
        assert sent == whole
