"""A target that the session starts, names to its tests, asks, and ends: the whole way, as a user sees it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest

from tests.e2e.user import User, bearing, until
from tests.support import environment
from tests.support.environment import PASSWORD
from tui.target.process import MARK

SCRIPT = Path(environment.__file__)
TESTS = """
import os, pathlib, urllib.request

def test_is_there():
    urllib.request.urlopen(os.environ["STAGING_BASE_URL"] + "/").close()

def test_who():
    print(os.environ["STAGING_USER"], os.environ["STAGING_PASSWORD"], os.environ["SHOP"], os.environ["STAGING_ROLE"])
    assert os.environ["STAGING_WS_URL"].startswith("ws://127.0.0.1:")
    assert (os.environ["STAGING_USER"], os.environ["SHOP"]) == ("ann-of-the-ready-line", "of-the-suite")
    assert os.environ["STAGING_ROLE"] == "planted-role-by-reference"
"""


def project(user: User, *how: str, tests: str = TESTS, timeout: str = "30s") -> Path:
    root = user.project("shop", {"test_shop.py": tests})
    command = json.dumps(["{python}", str(SCRIPT), str(root), *how])
    (root / "stagewatch.toml").write_text(
        f'[target]\nname = "staging"\nstart = {command}\nstart_timeout = "{timeout}"\n'
        'credentials = { user = "env:WHO", role = "env:ROLE" }\n'
        '[[tier]]\nid = "P1"\n[[suite]]\nid = "s"\ntier = "P1"\nenv = { SHOP = "of-the-suite" }\n'
    )
    user.env |= {"WHO": "planted-user-of-the-plan", "ROLE": "planted-role-by-reference", "API_TOKEN": "planted-token"}
    return root


def target_of(root: Path) -> int:
    """The process id of the environment that was started for a project."""
    return int(until(lambda: (root / "pid").exists() and (root / "pid").read_text()))


def is_gone(pid: int) -> bool:
    """Or a zombie: whoever has adopted it, which may be this very process, has not looked yet."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def attempts(document: Any) -> dict[str, int]:
    return {test["id"].partition("::")[2]: len(test["attempts"]) for test in document["tests"]}


def test_tests_find_it_and_it_ends_with_the_session(user: User) -> None:
    root = project(user)
    ended = user.run("--headless", "--json", str(user.home / "x.json"), cwd=root)
    assert (ended.code, ended.err) == (0, ""), ended
    assert "target     is being started: {python} " in ended.out
    assert "target     staging  http://127.0.0.1:" in ended.out
    assert (root / "said").read_text() == "its standard input has ended"
    assert is_gone(target_of(root))
    state = user.recorded(root)
    assert state.plan.target.base_url is not None and state.plan.target.base_url.startswith("http://127.0.0.1:")
    assert state.plan.target.credentials == {"user": "env:WHO", "role": "env:ROLE"}


def test_none_of_its_secrets_is_kept_or_shown(user: User) -> None:
    root = project(user, tests=TESTS + '\ndef test_leaks(): raise ValueError(os.environ["STAGING_PASSWORD"])\n')
    ended = user.run("--headless", "--json", str(user.home / "x.json"), "--junit", str(user.home / "x.xml"), cwd=root)
    assert "ValueError: ‹masked›" in ended.out
    seen = [ended.out.encode(), ended.err.encode(), msgspec.json.encode(user.recorded(root))]
    seen += [file.read_bytes() for file in (user.home / "x.json", user.home / "x.xml")]
    files = [file for file in user.folder(root).rglob("*") if file.is_file()]
    assert "target.log" in [file.name for file in files]
    seen += [file.read_bytes() for file in files]
    for secret in (PASSWORD, "planted-token", "planted-role-by-reference"):
        assert not [text for text in seen if secret.encode() in text], secret
    assert "asked for /health" in (user.folder(root) / "target.log").read_text()


def test_while_it_starts_the_run_can_be_looked_at_and_stopped(user: User) -> None:
    root = project(user, "late")
    begun = user.begin("--detach", cwd=root)
    begun.communicate(timeout=30)
    pid = target_of(root)
    record = user.session()
    refused = user.type("rerun", "--failed", cwd=root)
    assert "nothing has failed or was blocked" in refused.err
    ended = user.type("stop", cwd=root)
    assert (ended.code, ended.out) == (0, f"{record.name} has ended\n")
    assert is_gone(pid)
    assert not bearing(record.mark)
    assert user.recorded(root).is_cut_short


def _signalled_while_it_starts(user: User, root: Path, viewer: subprocess.Popen[str]) -> None:
    target_of(root)


def _signalled_while_tests_run(user: User, root: Path, viewer: subprocess.Popen[str]) -> None:
    until(lambda: user.outcomes(root).get("test_waits") == "running")


def _signalled_at_once(user: User, root: Path, viewer: subprocess.Popen[str]) -> None:
    until(lambda: user.sessions())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda n: n.name)
@pytest.mark.parametrize(
    ("how", "when"),
    [("late", _signalled_while_it_starts), ("late", _signalled_at_once), ("child", _signalled_while_tests_run)],
    ids=["while it starts", "at once", "while tests run"],
)
def test_a_signal_leaves_nothing(
    user: User, number: signal.Signals, how: str, when: Callable[[User, Path, subprocess.Popen[str]], None]
) -> None:
    root = project(user, how, tests="import time\ndef test_waits(): time.sleep(300)\n")
    viewer = user.begin("--headless", cwd=root)
    when(user, root, viewer)
    record = user.sessions()[0]
    viewer.send_signal(number)
    viewer.communicate(timeout=40)
    assert viewer.returncode == 130
    until(lambda: not user.sessions())
    assert not bearing(record.mark)
    name, _, _ = record.mark.partition("=")
    assert name != MARK
    assert not (root / "pid").exists() or is_gone(target_of(root))


def test_a_session_that_is_killed_takes_it_along(user: User) -> None:
    root = project(user, tests="import time\ndef test_waits(): time.sleep(300)\n")
    viewer = user.begin("--headless", cwd=root)
    until(lambda: user.outcomes(root).get("test_waits") == "running")
    record = user.session()
    os.kill(record.pid, signal.SIGKILL)
    viewer.communicate(timeout=30)
    assert viewer.returncode == 3
    until(lambda: is_gone(target_of(root)))
    until(lambda: not bearing(record.mark))


def test_a_session_that_is_killed_while_it_starts_takes_it_along(user: User) -> None:
    root = project(user, "silent")
    viewer = user.begin("--headless", cwd=root)
    pid = target_of(root)
    os.kill(user.session().pid, signal.SIGKILL)
    viewer.communicate(timeout=30)
    until(lambda: is_gone(pid))


@pytest.mark.parametrize(
    ("how", "code", "said"),
    [
        ("fails", 6, " ended before it was ready (exit code 1): no licence, and the key is ‹masked›; "),
        ("silent", 6, " is not ready within 1 s: starting with ‹masked›; "),
        ("garbage", 2, "expected one line of JSON on its standard output"),
    ],
)
def test_one_that_does_not_start_is_one_sentence(user: User, how: str, code: int, said: str) -> None:
    root = project(user, how, timeout="1s" if how == "silent" else "30s")
    ended = user.run("--headless", "--json", str(user.home / "x.json"), cwd=root)
    assert ended.code == code
    assert ended.err.startswith("stagewatch: the target") and ended.err.count("\n") == 1
    assert said in ended.err
    assert is_gone(target_of(root))
    assert not user.sessions()
    if code == 6:
        document = json.loads((user.home / "x.json").read_text())
        assert (document["exit_code"], document["verdict"]) == (6, "inconclusive")
        assert said in document["reasons"][0] and said in document["target"]["unreachable"]


def test_a_credential_that_is_missing_is_one_sentence_and_nothing_is_started(user: User) -> None:
    root = project(user)
    del user.env["ROLE"]
    ended = user.run("--headless", cwd=root)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == f"stagewatch: {root / 'stagewatch.toml'}: credentials.role of [target]: ROLE is not set\n"
    assert not (root / "pid").exists()


def test_one_that_is_down_is_one_cause_and_what_was_blocked_is_run_again_when_it_is_back(user: User) -> None:
    root = project(user)
    (root / "down").touch()
    ended = user.run("--headless", "--keep", "--json", "-", "--junit", str(user.home / "x.xml"), cwd=root)
    assert ended.code == 6
    cause = ended.document["reasons"][0]
    assert cause.startswith("the target does not answer: http://127.0.0.1:")
    assert cause.endswith("/health (the connection was closed without an answer)")
    assert ended.document["counts"]["blocked"] == 2
    assert f"blocked    2 tests: {cause}" in ended.err
    assert ended.err.count("closed without an answer") < 6, "once each: target, verdict, blocked, summary"
    junit = (user.home / "x.xml").read_text()
    assert junit.count("<error ") == 1 and junit.count("<skipped ") == 2

    still = user.type("rerun", "--failed", "--headless", "--json", "-", cwd=root)
    assert (still.code, attempts(still.document)) == (6, {"test_is_there": 2, "test_who": 2})
    (root / "down").unlink()
    again = user.type("rerun", "--failed", "--headless", "--json", "-", cwd=root)
    assert again.err.splitlines()[0] == "2 tests run again"
    assert (again.code, again.document["verdict"]) == (0, "go")
    assert again.document["target"]["unreachable"] is None
    assert user.type("stop", cwd=root).code == 0


def test_one_that_dies_is_said_and_its_tests_are_no_failures(user: User) -> None:
    tests = """
import os, pathlib, time, urllib.request
HERE = pathlib.Path(__file__).parent

def test_first():
    (HERE / "die").touch()
    pid = int((HERE / "pid").read_text())
    until = time.monotonic() + 30
    while os.path.exists(f"/proc/{pid}") and "Z" not in pathlib.Path(f"/proc/{pid}/stat").read_text():
        assert time.monotonic() < until
        time.sleep(0.01)

def test_second():
    urllib.request.urlopen(os.environ["STAGING_BASE_URL"] + "/").close()
"""
    root = project(user, "dies", tests=tests)
    ended = user.run("--headless", "--json", "-", "--workers", "1", cwd=root)
    assert ended.code == 6
    assert "attention  the target that was started for this run has ended (exit code 7): out of memory" in ended.err
    assert ended.document["reasons"][0].endswith("(connection refused)")
