"""The demo, headless: the bundled suites against the environment that the session starts."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable

import psutil
import pytest

from tests.e2e.user import Ended, User, bearing, until
from tui import demo

WAIT = 240.0
"""Seconds: it takes a tenth of that where nothing else runs."""
CONNECTIVITY = ("--suite", "connectivity")


@pytest.fixture
def viewer(user: User) -> User:
    """With the plugins that the suites are written for."""
    del user.env["PYTEST_DISABLE_PLUGIN_AUTOLOAD"]
    return user


def run(user: User, *arguments: str) -> Ended:
    process = user.start("demo", "--headless", "--json", "-", *arguments, cwd=user.home)
    out, err = process.communicate(timeout=WAIT)
    return Ended(process.returncode, out, err)


def test_a_part_of_it_runs_against_a_healthy_environment(viewer: User) -> None:
    ended = run(viewer, *CONNECTIVITY)
    assert ended.code == 5, ended.err
    counts = ended.document["counts"]
    assert counts["passed"] == 4
    assert counts["passed"] + counts["not-run"] == len(ended.document["tests"]) > 400
    assert "come back: cd " in ended.err
    kept = viewer.home / "state" / "stagewatch" / "demo"
    assert {path.name for path in kept.iterdir()} == {"pycache", "pytest"}, "caches stay out of the suites"


def test_a_fault_is_seen_by_tests(viewer: User) -> None:
    ended = run(viewer, "--fault", "E1", *CONNECTIVITY)
    assert ended.code == 1
    outcomes = {one["id"].partition("::")[2]: one["outcome"] for one in ended.document["tests"] if one["attempts"]}
    assert outcomes["test_002_websocket_connectivity"] == "failed"
    assert "HTTP 403" in ended.err


def test_an_environment_that_can_not_be_reached_is_one_cause(viewer: User) -> None:
    ended = run(viewer, "--fault", "A2")
    assert ended.code == 6
    assert ended.document["reasons"][0].endswith("/health (connection refused)")
    counts = ended.document["counts"]
    assert counts["blocked"] == len(ended.document["tests"]) == sum(counts.values())


def _starts(user: User) -> None:
    until(lambda: any("suites.staging" in line for record in user.sessions() for line in bearing(record.mark)))


def _collects(user: User) -> None:
    until(lambda: any("stagewatch_agent" in line for record in user.sessions() for line in bearing(record.mark)))


def _runs(user: User) -> None:
    until(lambda: "passed" in user.outcomes(demo.home()).values(), patience=WAIT)


@pytest.mark.parametrize("when", [_starts, _collects, _runs])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda n: n.name)
def test_a_signal_at_any_moment_leaves_no_process(
    viewer: User, number: signal.Signals, when: Callable[[User], None]
) -> None:
    process = viewer.start("demo", "--headless", cwd=viewer.home)
    when(viewer)
    record = viewer.sessions()[0]
    mine = {one.pid for one in psutil.Process(record.pid).children(recursive=True)} | {record.pid}
    process.send_signal(number)
    process.communicate(timeout=WAIT)
    assert process.returncode == 130
    until(lambda: not viewer.sessions())
    assert not bearing(record.mark)
    until(lambda: not any(_lives(pid) for pid in mine))  # the session itself has a few moments more


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_what_is_not_there_is_one_sentence(viewer: User) -> None:
    for typed, said in (
        (("--fault", "nonsense"), "there is no such fault"),
        (("--scenario", "nonsense"), "there are: iteration-1"),
    ):
        ended = run(viewer, *typed)
        assert (ended.code, ended.out) == (2, "")
        assert said in ended.err and ended.err.count("\n") == 1


def test_the_faults_are_listed_also_for_who_reads_only_the_first(viewer: User) -> None:
    ended = viewer.type("demo", "--list-faults", cwd=viewer.home)
    assert (ended.code, ended.err) == (0, "")
    assert "E1-no-credential-sent  (client" in ended.out
    piped = viewer.start("demo", "--list-faults", cwd=viewer.home, stdout=subprocess.PIPE)
    assert piped.stdout is not None and piped.stderr is not None
    piped.stdout.close()
    assert (piped.wait(), piped.stderr.read()) == (0, "")
    piped.stderr.close()
