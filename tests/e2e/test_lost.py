"""Whatever is killed, nothing that was recorded is lost and nothing that was started is left."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.e2e.user import GATED, GREEN, STAGEWATCH, User, bearing, until
from tui.session.records import SessionRecord


@pytest.fixture
def root(user: User) -> Path:
    return user.project("gated", GATED)


def stands_still(user: User, root: Path) -> SessionRecord:
    """Wait for the run to be in the middle, with a child that has left its session."""
    record = user.session()
    until(lambda: user.outcomes(root).get("test_waits") == "running")
    until(lambda: any("sleep" in line for line in bearing(record.mark)))
    return record


def test_the_viewer_is_killed_and_the_run_ends_by_itself(user: User, root: Path) -> None:
    viewer = user.begin("--headless", cwd=root)
    record = stands_still(user, root)
    viewer.kill()
    viewer.communicate()
    attached = user.start("attach", "--headless", cwd=root)
    assert attached.stdout is not None
    for line in attached.stdout:
        if "test_fails" in line:
            break
    user.open_gate()
    out, _ = attached.communicate(timeout=30)
    assert attached.returncode == 1
    assert "4 tests: 3 passed, 1 failed" in out
    until(lambda: not user.sessions())
    assert not bearing(record.mark)
    state = user.recorded(root)
    assert state.ended is not None and not state.interrupted


def test_the_session_is_killed(user: User, root: Path) -> None:
    viewer = user.begin("--headless", "--json", str(user.home / "x.json"), cwd=root)
    record = stands_still(user, root)
    os.kill(record.pid, signal.SIGKILL)
    out, err = viewer.communicate(timeout=30)
    assert viewer.returncode == 3
    assert err == "stagewatch: the session is gone: it was killed\n"
    assert "4 tests: 1 passed, 1 failed" in out, "what is known is told"
    assert "come back: stagewatch show 1" in out
    assert '"exit_code":3' in (user.home / "x.json").read_text()
    until(lambda: not bearing(record.mark))
    assert user.outcomes(root)["test_first"] == "passed"

    user.open_gate()
    following = user.run(cwd=root)
    assert following.code == 1
    lines = [line for line in following.out.splitlines() if line.startswith("notice")]
    assert any(f"session {record.name} (iteration 1 of {root}) was killed" in line for line in lines)
    assert any("iteration 1 was interrupted: its session ended without a word" in line for line in lines)
    assert not bearing(record.mark)
    state = user.recorded(root, 1)
    assert state.interrupted
    assert {test.name: test.outcome for test in state.present()}["test_fails"] == "failed"


def test_session_and_zygote_are_killed_in_one_instant(user: User, root: Path) -> None:
    begun = user.begin("--detach", cwd=root)
    begun.communicate(timeout=30)
    record = stands_still(user, root)
    zygotes = psutil.Process(record.pid).children()
    for process in [psutil.Process(record.pid), *zygotes]:
        process.suspend()
    for process in [psutil.Process(record.pid), *zygotes]:
        process.kill()
    until(lambda: not user.sessions())
    assert any("sleep 300" in line for line in bearing(record.mark))
    assert "interrupted" in user.type("history", cwd=root).out, "nobody sees it running for ever"

    user.open_gate()
    following = user.run(cwd=root)
    assert following.code == 1, following
    told = next(line for line in following.out.splitlines() if "ended what it had left running" in line)
    assert "sleep 300" in told
    assert not bearing(record.mark)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_a_signal_to_a_headless_run_ends_it_all(user: User, root: Path, number: signal.Signals) -> None:
    viewer = user.begin("--headless", cwd=root)
    record = stands_still(user, root)
    viewer.send_signal(number)
    out, err = viewer.communicate(timeout=30)
    assert (viewer.returncode, err) == (130, "")
    assert "iteration 1, interrupted" in out
    assert not user.sessions()
    assert not bearing(record.mark)
    assert user.recorded(root).interrupted


def test_a_signal_that_comes_twice_at_once_is_one(user: User, root: Path) -> None:
    """As from ``timeout``: whoever leaves at the second would miss the end, and write documents of a run that runs."""
    viewer = user.begin("--headless", "--json", str(user.home / "x.json"), cwd=root)
    record = stands_still(user, root)
    viewer.send_signal(signal.SIGTERM)
    time.sleep(0.01)  # or the kernel makes one of them
    viewer.send_signal(signal.SIGTERM)
    out, err = viewer.communicate(timeout=30)
    assert (viewer.returncode, err) == (130, "")
    assert "iteration 1, interrupted" in out
    assert '"state":"interrupted"' in (user.home / "x.json").read_text()
    assert not bearing(record.mark)


def test_a_signal_before_the_session_listens_ends_it_too(user: User, root: Path) -> None:
    """The session is started with signals of ours already heard: one that comes now is not lost."""
    command = (
        "import os, signal, tui.launch as launch\n"
        "from tui.cli import main\n"
        "start = launch.start_session\n"
        "def late(request):\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    return start(request)\n"
        "launch.start_session = late\n"
        f"raise SystemExit(main(['run', '--headless', '--python', {sys.executable!r}]))\n"
    )
    began = time.monotonic()
    ended = subprocess.run(
        [sys.executable, "-P", "-c", command], cwd=root, env=user.env, capture_output=True, text=True
    )
    assert time.monotonic() - began < 8, "nothing is waited for that was never started"
    assert ended.returncode == 130, ended
    assert not user.sessions()


def test_a_viewer_that_read_nothing_for_long_tells_the_end_from_the_journal(user: User) -> None:
    root = user.project("much", {"conftest.py": GATED["conftest.py"], "test_much.py": _MANY})
    viewer = user.begin("--headless", "--json", str(user.home / "x.json"), cwd=root)
    record = user.session()
    until(lambda: "running" in user.outcomes(root).values())
    stopped = psutil.Process(viewer.pid)
    stopped.suspend()
    user.open_gate()
    session = psutil.Process(record.pid)
    until(lambda: session.status() == psutil.STATUS_ZOMBIE)  # until then what it has said can still be read
    stopped.resume()
    out, err = viewer.communicate(timeout=30)
    assert (viewer.returncode, err) == (1, "")
    assert "2001 tests: 1 failed, 2000 skipped" in out
    assert len([line for line in out.splitlines() if line.startswith("skipped ")]) == 2000
    document = json.loads((user.home / "x.json").read_text())
    assert (document["state"], document["exit_code"], document["counts"]["skipped"]) == ("finished", 1, 2000)
    assert not bearing(record.mark)


def test_what_nohup_ignores_stays_ignored(user: User, root: Path) -> None:
    viewer = subprocess.Popen(
        ["bash", "-c", 'trap "" HUP; exec "$@"', "-", *STAGEWATCH, "run", "--headless", "--python", sys.executable],
        cwd=root, env=user.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    stands_still(user, root)
    viewer.send_signal(signal.SIGHUP)
    user.open_gate()
    out, _ = viewer.communicate(timeout=30)
    assert viewer.returncode == 1
    assert b"4 tests: 3 passed, 1 failed" in out


class TestTheJournalCanNotBeWritten:
    def test_from_the_beginning(self, user: User) -> None:
        root = user.project("green", GREEN)
        (user.folder(root) / "journal.sqlite3").mkdir()
        ended = user.run("--json", "-", cwd=root)
        assert ended.code == ended.document["exit_code"] == 6
        assert ended.document["counts"]["passed"] == 2
        assert "results are not recorded: the journal" in ended.err
        assert "come back" not in ended.err, "there is nothing to come back to"

    def test_a_run_that_is_kept_is_left_all_the_same(self, user: User) -> None:
        root = user.project("green", GREEN)
        (user.folder(root) / "journal.sqlite3").mkdir()
        ended = user.run("--keep", cwd=root)
        assert ended.code == 6
        assert "of green (" in ended.out, "though it has no number"
        assert user.type("attach", "--headless", cwd=root).code == 6
        assert user.type("stop", cwd=root).code == 0

    def test_in_the_middle(self, user: User) -> None:
        root = user.project("much", {"test_much.py": _MUCH})

        def little_room() -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))

        ended = user.run("--json", "-", cwd=root, preexec_fn=little_room)
        assert ended.code == ended.document["exit_code"] == 6, ended
        assert ended.document["counts"]["passed"] == 40
        assert "attention  results are not recorded: the journal" in ended.err
        assert "not checked: results are not recorded" in ended.err
        assert any(entry["what"] == "not recorded" for entry in ended.document["not_checked"])


_MANY = """
import pytest

def test_waits(gate):
    gate()
    assert False

@pytest.mark.parametrize("n", range(2000))
def test_says(n): pytest.skip("too much for a socket " * 60)
"""

_MUCH = """
import random, pytest

@pytest.mark.parametrize("n", range(40))
def test_says(n):
    print("".join(random.choices("abcdefghijklmnopqrstuvwxyz", k=30_000)))
"""
