"""What Stagewatch comes from, as a user lives it: the first iteration as it was, mended and deployed, verified whole.

The report of that day was written by hand; these are written by the program, and golden. What no two runs have in
common (times, ports, paths, names) is put out of them first; ``STAGEWATCH_UPDATE_SNAPSHOTS=1`` writes them anew.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.e2e.terminal import Terminal
from tests.e2e.user import STAGEWATCH, Ended, User, until
from tui import demo
from tui.state import RunState

SUITES = demo.home()
GOLDEN = Path(__file__).parent / "golden"
MINUTES = 240.0
SCENARIO = ("demo", "--scenario", "iteration-1")
FAILED = [
    "test_002_websocket_connectivity",
    "test_003_agent_request_pipeline",
    "test_004_generate_connectivity_report",
]
CONNECTIVITY = "security/test_staging_connectivity_validation.py::"


@pytest.fixture
def person(user: User) -> User:
    """With the plugins that the suites are written for."""
    del user.env["PYTEST_DISABLE_PLUGIN_AUTOLOAD"]
    return user


def typed(person: User, *arguments: str) -> Ended:
    process = person.start(*arguments, cwd=SUITES)
    out, err = process.communicate(timeout=MINUTES)
    return Ended(process.returncode, out, err)


def latest(person: User) -> RunState:
    return person.recorded(SUITES)


def is_golden(report: str, name: str) -> None:
    """Compare a report with the golden one."""
    for pattern, stand_in in (
        (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", "DATE"),
        (r"took \d+:\d\d", "took TIME"),
        (r"127\.0\.0\.1:\d+", "HOST"),
        (r"asked by .+?(?=, (?:took|ended|cut))", "asked by SOMEBODY"),
        (r"`\S+/python[\d.]*", "`PYTHON"),
        (r"/\S+/private/\S+?/", "SESSION/"),
    ):
        report = re.sub(pattern, stand_in, report)
    path = GOLDEN / f"{name}.md"
    if os.environ.get("STAGEWATCH_UPDATE_SNAPSHOTS") == "1":
        GOLDEN.mkdir(exist_ok=True)
        path.write_text(report)
    assert report == path.read_text()


def test_by_commands_the_fix_the_rerun_and_the_deploy(person: User) -> None:
    ended = typed(person, *SCENARIO, "--headless", "--keep", "--suite", "connectivity")
    assert ended.code == 1, ended
    assert typed(person, "action", "apply the fix").code == 0
    again = typed(person, "rerun", "--failed", "--headless", "--json", "-")
    assert again.code == 5, again
    attempts = {test["id"].removeprefix(CONNECTIVITY): test["attempts"] for test in again.document["tests"]}
    mended = {name: tried[-1]["why"] for name, tried in attempts.items() if len(tried) > 1}
    assert list(mended) == FAILED
    for why in mended.values():
        assert why == {"turned": "fixed", "known": ["environment changed: STAGING_CLIENT_FAULT"]}
    assert "opensesame" not in again.out and again.document["flaky"] == 0

    deployed = typed(person, "action", "D")
    assert deployed.code == 0 and "/version says 2" in deployed.out, deployed
    judged = typed(person, "gate")
    assert judged.code == 6 and "revision 2 is deployed, this is about 1" in judged.out, judged
    verified = typed(person, "rerun", CONNECTIVITY.removesuffix("::"), "--headless", "--json", "-")
    assert (verified.code, verified.document["iteration"]) == (5, 2), verified
    assert verified.document["target"]["revision"] == "2"
    assert verified.document["counts"]["passed"] == 4
    typed(person, "stop")


def test_a_deploy_in_the_middle_of_a_run_is_waited_for_and_all_of_it_verified_anew(person: User) -> None:
    """While it is rolled out the environment serves both revisions: no result of that time counts for either."""
    viewer = person.start(*SCENARIO, "--headless", "--keep", "--tier", "core", "--json", "-", cwd=SUITES)
    until(lambda: "passed" in person.outcomes(SUITES).values(), MINUTES)
    assert typed(person, "action", "D").code == 0
    out, err = viewer.communicate(timeout=MINUTES)
    ended = Ended(viewer.returncode, out, err)
    assert (ended.code, ended.document["iteration"]) == (5, 2), ended
    assert ended.document["target"]["revision"] == "2"
    first, second = person.recorded(SUITES, 1), latest(person)
    assert first.goes_on and first.stamping.is_superseded
    for state, revision in ((first, "1"), (second, "2")):
        counted = [test.attempts[-1] for test in state.present() if test.has_run]
        assert {(attempt.before, attempt.after) for attempt in counted} == {(revision, revision)}
    ran = [test for test in second.present() if test.has_run]
    assert len(ran) == 58 and not second.failing()
    typed(person, "stop")


def test_a_version_url_that_fails_leaves_no_stamp_and_is_in_the_ledger(person: User) -> None:
    ended = typed(person, "demo", "--fault", "B8", "--headless", "--suite", "connectivity", "--json", "-")
    assert ended.code == 1, ended
    unstamped = [line for line in ended.document["not_checked"] if line["what"] == "unstamped"]
    assert [(line["count"], line["why"].partition("(")[2]) for line in unstamped] == [
        (4, "the version URL does not answer: it answers 503)")
    ]
    assert ended.document["target"]["revision"] is None


@pytest.mark.skipif("CI" not in os.environ, reason="takes minutes beside other work: STAGEWATCH's CI sets CI")
def test_by_keys_all_of_it(person: User) -> None:
    with Terminal([*STAGEWATCH, *SCENARIO], SUITES, person.env, 160, 45) as board:
        board.patience = MINUTES
        board.see("154 passed")
        until(lambda: not latest(person).is_running, MINUTES)
        first = latest(person)
        assert [test.name for test in first.failing()] == FAILED
        is_golden(typed(person, "report").out, "iteration-1")

        board.type("F")
        board.see("apply the fix:")
        board.type("y")
        until(lambda: bool(latest(person).actions) and latest(person).actions[0].is_good)
        board.type("f")
        until(lambda: len(latest(person).passes) == 2 and not latest(person).is_running, MINUTES)
        assert not latest(person).failing()

        board.type("D")
        board.see("deploy:")
        board.type("y")
        until(lambda: latest(person).stamping.is_superseded, MINUTES)
        is_golden(typed(person, "report").out, "iteration-1-mended")
        board.type("a")
        board.see("466 tests")
        board.type("y")
        until(lambda: latest(person).iteration == 2 and not latest(person).is_running, MINUTES)
        board.see("466 of 466")
        board.see("revision   2")
        is_golden(typed(person, "report").out, "iteration-2")
        assert typed(person, "gate").code == 0
        board.type("q")
    typed(person, "stop")
