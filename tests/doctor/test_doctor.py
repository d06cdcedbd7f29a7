"""The command, on real projects: what it says, how it ends, and what it leaves."""

from __future__ import annotations

import os
import pty
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import msgspec
import psutil
import pytest

from tests.e2e.user import GATED, GREEN, User, until

SCHEMA = msgspec.json.decode((Path(__file__).parents[2] / "docs" / "schemas" / "examination.json").read_bytes())
PYTHON = ("--python", sys.executable)
COLD = {
    "conftest.py": """
import threading
threading.Thread(target=threading.Event().wait, daemon=True, name="poller").start()
""",
    "test_cold.py": "import socket\nKEPT = socket.socket()\ndef test_it(): pass\n",
    "test_gone.py": "import nothing_of_this_name\n",
}


@pytest.fixture(scope="module")
def user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[User]:
    user = User(tmp_path_factory.mktemp("home"))
    yield user
    user.leave()


def left(root: Path) -> list[psutil.Process]:
    """What runs in a project's folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.cwd() == str(root) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found


def test_a_project_that_runs_warm(user: User) -> None:
    """It says how much faster, and leaves nothing in the project: neither pytest's cache nor a result.

    On a terminal it says what it is about to do, too.
    """
    root = user.project("green", GREEN)
    ours, theirs = pty.openpty()
    ended = user.type("doctor", *PYTHON, "--json", "-", "--", "-p", "no:doctest", cwd=root, stderr=theirs)
    os.close(theirs)
    said = os.read(ours, 4096).decode()
    os.close(ours)
    assert ended.code == 0, ended
    assert "collecting …" in said and "measuring test_green.py::test_one …" in said
    assert "green runs warm" in said and "nothing stands in the way" in said
    found = ended.document
    jsonschema.validate(found, SCHEMA)
    assert (found["warm"], found["tests"], found["remarks"]) == (True, 2, [])
    measured = found["measured"]
    assert (measured["test"], measured["outcome"], measured["agree"]) == ("test_green.py::test_one", "passed", True)
    assert (len(measured["reruns"]), len(measured["processes"])) == (5, 3)
    assert measured["times_as_fast"] > 1
    assert sorted(path.name for path in root.iterdir() if path.name != "__pycache__") == ["pytest.ini", "test_green.py"]
    assert "no iteration of this project is recorded" in user.type("history", cwd=root).out
    assert not left(root)


def test_what_stands_in_the_way_is_named_with_where_it_comes_from(user: User) -> None:
    root = user.project("cold", COLD)
    ended = user.type("doctor", *PYTHON, "--json", "doctor.json", cwd=root)
    assert ended.code == 1, ended
    found = msgspec.json.decode((root / "doctor.json").read_bytes())
    jsonschema.validate(found, SCHEMA)
    said = {remark["kind"]: remark for remark in found["remarks"]}
    assert said["threads"]["what"] == "2 threads after collection (poller), first seen with a conftest.py or a plugin"
    assert said["socket"]["what"] == "a socket opened during collection, first seen with test_cold.py"
    assert "test_gone.py can't be collected" in said["collection"]["what"]
    assert all(remark["in_the_way"] for remark in found["remarks"])
    assert said["threads"]["advice"] and said["socket"]["advice"]
    assert ended.out.splitlines()[0] == "cold runs cold: every worker and every rerun is a fresh process"
    assert (found["warm"], found["measured"]["agree"]) == (False, True)
    assert not left(root)


def test_a_test_that_is_claimed_twice_and_an_answer_that_differs(user: User) -> None:
    """The module that is collected with it makes the test fail, which a pytest of its own does not see."""
    root = user.project(
        "claimed",
        {
            "test_a.py": "import os\nos.environ['SEEN'] = '1'\ndef test_a(): pass\n",
            "test_b.py": "import os\ndef test_b(): assert 'SEEN' not in os.environ\n",
            "stagewatch.toml": """
[[tier]]
id = "P1"
[[suite]]
id = "one"
tier = "P1"
paths = ["test_b.py"]
[[suite]]
id = "two"
tier = "P1"
keyword = "test_b"
""",
        },
    )
    ended = user.type("doctor", *PYTHON, "--json", "-", "test_a.py", "test_b.py::test_b", "--", "-k", "b", cwd=root)
    found = ended.document
    said = {remark["kind"]: remark for remark in found["remarks"]}
    assert said["claims"]["what"] == (
        "1 test claimed by the suites one and two (test_b.py::test_b), and in one, the first of them"
    )
    assert not said["claims"]["in_the_way"]
    assert found["measured"]["agree"] is False
    assert "fails when it is run again here, and passes by a pytest of its own" in said["disagreement"]["what"]
    assert ended.code == 1
    assert found["plan"] == str(root / "stagewatch.toml")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing_here.py"], "there is no such file or folder"),
        (["--python", "no-such-python"], "there is no such interpreter"),
        (["--plan", "nothing.toml"], "nothing.toml"),
        ([*PYTHON, "--", "--no-such-option"], "pytest refuses what it is asked"),
    ],
)
def test_bad_input_is_answered_in_one_sentence(user: User, arguments: list[str], words: str) -> None:
    root = user.project("green", GREEN)
    ended = user.type("doctor", *arguments, cwd=root)
    assert (ended.code, ended.out) == (2, "")
    assert words in ended.err and len(ended.err.splitlines()) == 1


def test_settings_that_pytest_refuses_stand_in_the_way(user: User) -> None:
    """They are the project's, not the command line's."""
    root = user.project("refused", GREEN)
    (root / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n")
    ended = user.type("doctor", *PYTHON, cwd=root)
    assert ended.code == 1
    assert "can't be run as it is" in ended.out and "pytest refuses" in ended.out
    assert not ended.err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_and_all_that_it_started(user: User, number: signal.Signals) -> None:
    root = user.project("gated", GATED)
    process = user.start("doctor", *PYTHON, "test_gated.py::test_waits", cwd=root)
    until(lambda: any(one.name() == "sleep" for one in left(root)) or None)
    process.send_signal(number)
    out, err = process.communicate(timeout=40)
    assert (process.returncode, out, err) == (130, "", "")
    assert not left(root)


def test_killed_while_a_pytest_of_its_own_runs_it_leaves_nothing(user: User) -> None:
    """The fresh process waits for ever; the one that was forked sees that it is another's child, and passes."""
    root = user.project(
        "killed",
        {
            "test_waits.py": """
import os, pathlib, threading
def test_waits():
    if pathlib.Path(f"/proc/{os.getppid()}/cmdline").read_bytes().count(b"stagewatch_agent") == 0:
        pathlib.Path("waits").touch()
        threading.Event().wait()
"""
        },
    )
    process = user.start("doctor", *PYTHON, cwd=root)
    until(lambda: (root / "waits").exists() or None)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=40)
    until(lambda: not left(root))
