"""A terminal that takes nothing, as behind a line that is dead: what is drawn waits for it, and nothing else does."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

from tests.e2e.terminal import Terminal
from tests.e2e.user import GATED, User, until

LEAVES_AT_ONCE = (
    "import sys, tui.screens.framework as framework\n"
    "framework.LAST_WORDS = 0.2\n"
    "from tui.cli import main\n"
    "raise SystemExit(main(sys.argv[1:]))\n"
)
RUN = [sys.executable, "-P", "-c", LEAVES_AT_ONCE, "run", "--python", sys.executable, "--workers", "1"]
REPAINT = "\x0c"


@pytest.fixture
def root(user: User) -> Path:
    return user.project("gated", GATED)


def stuck(user: User, root: Path) -> Terminal:
    """The board, on a run that waits in ``test_waits``, in a terminal that is full."""
    terminal = Terminal(RUN, root, user.env)
    terminal.see("test_waits")
    until(lambda: user.outcomes(root).get("test_waits") == "running")
    terminal.fill()
    return terminal


def test_keys_are_obeyed_meanwhile_and_then_the_newest_is_drawn_once(user: User, root: Path) -> None:
    with stuck(user, root) as terminal:
        before = len(terminal.raw)
        for _ in range(60):
            terminal.type(REPAINT)
            until(terminal.is_heard)
        user.open_gate()
        until(lambda: user.outcomes(root).get("test_last") == "passed")
        terminal.type("f")
        until(lambda: len(user.recorded(root).passes) == 2 and not user.recorded(root).is_running)

        terminal.see("1 failed    ✓ 3 passed")
        sent = terminal.raw[before:].replace(b"\0", b"")
        assert len(sent) < 50_000, "a screen or two, not sixty"
        terminal.type("q")
        assert terminal.end() == 1
        terminal.assert_given_back()


def test_a_terminal_that_is_gone_without_a_signal_ends_the_board_and_not_the_run(user: User, root: Path) -> None:
    terminal = Terminal(RUN, root, user.env)
    terminal.see("test_waits")
    terminal.hang_up()
    terminal.process.wait(30)
    assert user.recorded(root).is_running
    user.open_gate()
    until(lambda: user.outcomes(root).get("test_last") == "passed")
    assert user.type("stop", cwd=root).code == 0


def test_who_ends_the_board_is_not_kept_waiting(user: User, root: Path) -> None:
    with stuck(user, root) as terminal:
        terminal.type(REPAINT)
        until(terminal.is_heard)
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.process.wait(30) == 1, "a test has failed by now"
    user.open_gate()
    until(lambda: user.outcomes(root).get("test_last") == "passed")
    assert user.type("stop", cwd=root).code == 0
