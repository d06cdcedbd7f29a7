"""The whole program in a real terminal: the board on a real run, and the terminal given back whatever happens."""

from __future__ import annotations

import os
import re
import signal
import sys
from pathlib import Path

import pytest

from tests.e2e.terminal import Terminal
from tests.e2e.user import GATED, GREEN, MIXED, STAGEWATCH, User, bearing, until

RUN = [*STAGEWATCH, "run", "--python", sys.executable, "--workers", "1"]


@pytest.fixture
def root(user: User) -> Path:
    return user.project("gated", GATED)


def standing_still(user: User, root: Path, columns: int = 160, rows: int = 45) -> Terminal:
    """The board, on a run that waits in ``test_waits``."""
    terminal = Terminal(RUN, root, user.env, columns, rows)
    terminal.see("test_waits")
    until(lambda: user.outcomes(root).get("test_waits") == "running")
    return terminal


def summary_of(printed: str) -> list[str]:
    return [line for line in printed.splitlines() if line.strip()]


def test_what_is_typed_before_there_is_a_board_counts_once_there_is_one(user: User) -> None:
    root = user.project("mixed", MIXED)
    with Terminal(RUN, root, user.env) as terminal:
        terminal.type("?")
        terminal.see("run again all that failed")


@pytest.mark.parametrize(("columns", "rows"), [(160, 45), (80, 24)])
def test_keys_do_what_they_say_on_a_real_run(user: User, columns: int, rows: int) -> None:
    root = user.project("mixed", MIXED)
    with Terminal(RUN, root, user.env, columns, rows) as terminal:
        terminal.see("11/11")
        until(lambda: not user.recorded(root).is_running)
        terminal.type("?")
        terminal.see("run again all that failed")
        terminal.type("\x1b")
        terminal.see("run again all that failed", gone=True)
        terminal.type("n")
        terminal.type("\r")
        terminal.see("as pytest prints it")
        terminal.type("\x1b")
        terminal.see("as pytest prints it", gone=True)
        terminal.type("/many[1]")
        terminal.see("test_many[1]")
        terminal.see("? help", gone=True)
        terminal.type("\x1b")  # clears what was typed
        terminal.see("? help")  # escape and a letter, sent together, would be another key
        terminal.type("f")
        until(lambda: len(user.recorded(root).passes) == 2 and not user.recorded(root).is_running)
        terminal.type("s")
        terminal.see("pass 2     ended after")
        terminal.type("s")
        terminal.see("pass 2     ended after", gone=True)
        terminal.type("x")
        terminal.type("q")
        code = terminal.end()
        assert code == 1
        printed = summary_of(terminal.assert_given_back())
        assert b"\x1b]2;\xe2\x9c\x97 4 " in terminal.raw and terminal.raw.count(b"\x1b[23;2t") == 1, (
            "the title, and back"
        )
        assert printed[0].startswith("NO-GO, ")
        assert len([line for line in printed if line.startswith("tier ")]) == 0, "the short summary, not everything"
        assert re.match(r"come back: stagewatch (attach mixed-|show 1)", printed[-1])


@pytest.mark.parametrize("leave", ["q", "ctrl-c", "SIGTERM", "SIGHUP", "SIGINT"])
def test_whatever_makes_the_user_leave_the_terminal_is_given_back_and_the_run_goes_on(
    user: User, root: Path, leave: str
) -> None:
    with standing_still(user, root) as terminal:
        record = user.session()
        if leave.startswith("SIG"):
            terminal.process.send_signal(getattr(signal, leave))
        else:
            terminal.type("q" if leave == "q" else "\x03")
            terminal.see("The run is not done")
            terminal.type("l")
        code = terminal.end()
        printed = summary_of(terminal.assert_given_back())
    assert code == 1, "a test has failed by now"
    assert printed[0].startswith("NO-GO, ")
    assert printed[-1] == f"come back: stagewatch attach {record.name}"
    assert not any("Traceback" in line for line in printed)
    user.open_gate()
    until(lambda: user.outcomes(root).get("test_last") == "passed")
    assert user.type("stop", cwd=root).code == 0


def test_leaving_may_end_the_run(user: User, root: Path) -> None:
    with standing_still(user, root) as terminal:
        record = user.session()
        terminal.type("q")
        terminal.see("The run is not done")
        terminal.type("s")
        assert terminal.end() == 130
        printed = summary_of(terminal.assert_given_back())
    assert printed[-1] == "come back: stagewatch show 1"
    assert not user.sessions() and not bearing(record.mark)


def test_the_session_is_killed_under_the_board(user: User, root: Path) -> None:
    with standing_still(user, root) as terminal:
        os.kill(user.session().pid, signal.SIGKILL)
        terminal.see("the session is gone: it was killed")
        terminal.type("q")
        assert terminal.end() == 3
        printed = summary_of(terminal.assert_given_back())
    assert "4 tests: 1 passed, 1 failed" in "\n".join(printed)
    assert printed[-2:] == ["come back: stagewatch show 1", "stagewatch: the session is gone: it was killed"]


def test_the_board_breaks_and_the_run_goes_on(user: User, root: Path) -> None:
    broken = (
        "import sys, tui.app\n"
        "turn = tui.app.StagewatchApp.turn\n"
        "def breaks(self):\n"
        "    turn(self)\n"
        "    if 'test_waits' in str([t.name for t in self.feed.state.present() if t.worker is not None]):\n"
        "        raise RuntimeError('a bug of the board')\n"
        "tui.app.StagewatchApp.turn = breaks\n"
        "from tui.cli import main\n"
        "raise SystemExit(main(sys.argv[1:]))\n"
    )
    command = [sys.executable, "-P", "-c", broken, *RUN[len(STAGEWATCH) :]]
    with Terminal(command, root, user.env) as terminal:
        assert terminal.end() == 3
        printed = terminal.assert_given_back()
    record = user.session()
    assert "NO-GO, " in printed
    assert f"come back: stagewatch attach {record.name}" in printed
    assert "RuntimeError: a bug of the board" in printed
    assert "this is a fault of Stagewatch's own" in printed
    user.open_gate()
    until(lambda: user.outcomes(root).get("test_last") == "passed")


def test_any_size_is_survived(user: User, root: Path) -> None:
    with standing_still(user, root) as terminal:
        for columns, rows in ((1, 1), (40, 12), (2, 60), (300, 2), (80, 24)):
            terminal.resize(columns, rows)
            terminal.process.send_signal(signal.SIGWINCH)
        terminal.see("test_waits")
        terminal.process.send_signal(signal.SIGTERM)
        code = terminal.end()
        assert code == 1, terminal.assert_given_back()
        terminal.assert_given_back()


def test_a_run_of_64_tests_sends_little(user: User, capsys: pytest.CaptureFixture[str]) -> None:
    body = "\n".join(f"def test_{n}():\n    time.sleep(0.05)\n    assert {n % 16} != 7\n" for n in range(64))
    root = user.project("sixty_four", {"test_it.py": "import time\n" + body})
    with Terminal(RUN, root, user.env) as terminal:
        terminal.see("64/64")
        until(lambda: not user.recorded(root).is_running)
        terminal.type("q")
        assert terminal.end() == 1
        terminal.assert_given_back()
        with capsys.disabled():
            print(f"\n64 tests on the board, 160 by 45: {len(terminal.raw)} bytes")
        assert len(terminal.raw) < 200_000


@pytest.mark.parametrize("environ", [{"TERM": "dumb"}, {"ACCESSIBLE": "1"}], ids=["dumb", "screen reader"])
def test_where_a_board_can_not_be_drawn_lines_are_printed(user: User, environ: dict[str, str]) -> None:
    root = user.project("green", GREEN)
    with Terminal(RUN, root, {**user.env, **environ}) as terminal:
        assert terminal.end() == 0
        assert b"\x1b[?" not in terminal.raw
        assert b"GO, final: 2 of 2 passed" in re.sub(rb"\x1b\[[\d;]*m", b"", terminal.raw)


def test_attach_shows_the_same_board_also_after_the_end(user: User) -> None:
    root = user.project("mixed", MIXED)
    assert user.run(cwd=root).code == 1
    with Terminal([*STAGEWATCH, "attach"], root, user.env) as terminal:
        terminal.see("final  for this iteration")
        terminal.type("f")
        terminal.see("iteration 1 has ended")
        terminal.type("q")
        assert terminal.end() == 1
        assert summary_of(terminal.assert_given_back())[-1] == "come back: stagewatch show 1"


def test_the_editor_gets_the_terminal_and_the_failing_line_and_gives_it_back(user: User) -> None:
    failing = "def helped():\n    assert 1 == 2\n\n\ndef test_it():\n    helped()\n"
    root = user.project("failing", {"test_x.py": failing})
    editor = user.home / "vim"
    editor.write_text('#!/bin/sh\necho "editing $1 $2"; read answer; echo "$answer" > "$2.said"\n')
    editor.chmod(0o755)
    with Terminal(RUN, root, user.env | {"EDITOR": str(editor)}) as terminal:
        terminal.see("1/1")
        until(lambda: not user.recorded(root).is_running)
        terminal.type("n")
        terminal.type("\r")
        terminal.see("TRACEBACK")
        terminal.type("e")
        seen = terminal.see("editing +")
        line = re.search(r"editing \+(\d+) (\S+)", seen.replace("\n", ""))
        assert line is not None and int(line[1]) == 2
        terminal.type("done\n")
        terminal.see("TRACEBACK")
        assert next(root.glob("*.said")).read_text() == "done\n"
        terminal.type("\x1b")
        terminal.see("TRACEBACK", gone=True)
        terminal.type("q")
        assert terminal.end() == 1
        terminal.assert_given_back()
