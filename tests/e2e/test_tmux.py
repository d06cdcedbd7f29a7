"""The board in a real tmux, with a server of its own: keys go in as a person types them, and the pane is read."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.test_terminal import RUN
from tests.e2e.user import MIXED, STAGEWATCH, User, until
from tui import demo

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
PATIENCE = 120.0
"""Seconds for an environment to start, and for tests to run beside other work."""


class Tmux:
    """One pane with a shell in it, 160 by 45."""

    def __init__(self, user: User) -> None:
        self._env, self._socket = user.env, str(user.home / "tmux")
        self("new-session", "-d", "-x", "160", "-y", "45", "sh")

    def __call__(self, *arguments: str) -> str:
        return subprocess.run(
            ["tmux", "-S", self._socket, "-f", "/dev/null", *arguments],
            env=self._env, capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip

    def run(self, cwd: Path, *command: str) -> None:
        self("send-keys", f"cd {shlex.quote(str(cwd))} && {shlex.join(command)}; echo code $?", "Enter")

    def type(self, *keys: str) -> None:
        self("send-keys", *keys)

    @property
    def pane(self) -> str:
        return self("capture-pane", "-p")

    def see(self, *words: str) -> str:
        """Wait until all of them are in the pane, which is returned."""
        seen = [""]

        def there() -> bool:
            seen[0] = self.pane
            return all(word in seen[0] for word in words)

        try:
            until(there, PATIENCE)
        except AssertionError:
            raise AssertionError(f"{words} are not in the pane:\n{seen[0]}") from None
        return seen[0]


@pytest.fixture
def tmux(user: User) -> Iterator[Tmux]:
    pane = Tmux(user)
    yield pane
    pane("kill-server")


def test_the_summary_stays_in_the_scrollback(user: User, tmux: Tmux) -> None:
    root = user.project("mixed", MIXED)
    tmux.run(root, *RUN)
    tmux.see("11/11")
    until(lambda: not user.recorded(root).is_running)
    assert tmux("display-message", "-p", "#{alternate_on}") == "1\n"
    tmux.type("q")
    tmux.see("code 1")
    assert tmux("display-message", "-p", "#{alternate_on} #{mouse_any_flag} #{cursor_flag}") == "0 0 1\n"
    shown = tmux("capture-pane", "-p", "-S", "-")
    assert "NO-GO, " in shown and "come back: stagewatch attach mixed-" in shown


def test_a_failure_of_the_demo_is_found_mended_and_run_again(user: User, tmux: Tmux) -> None:
    suites = demo.home()
    plugins = ("env", "-u", "PYTEST_DISABLE_PLUGIN_AUTOLOAD")  # what the suites are written for
    tmux.run(suites, *plugins, *STAGEWATCH, "demo", "--scenario", "iteration-1", "--suite", "connectivity")
    tmux.see("3 failed", "FAILURES  3 tests, 2 groups", "InvalidStatus: server rejected WebSocket connection")
    tmux.type("n", "Enter")
    tmux.see("server rejected WebSocket connection: HTTP 403", "SOURCE", "CALLS")
    tmux.type("/")
    tmux.see("enter keeps it")
    tmux.type("rejected websocket", "Enter")
    tmux.see("rows with rejected websocket; esc clears")
    tmux.type("Escape")
    tmux.type("Escape")
    tmux.see("TIERS", "F apply the fix")
    tmux.type("F")
    tmux.see("apply the fix:", "y run it")
    tmux.type("y")
    tmux.see("✓ apply the fix  done")
    tmux.type("f")
    tmux.see("4 passed", "FAILURES  none")
    tmux.type("s")
    tmux.see("environment changed: STAGING_CLIENT_FAULT")
    tmux.type("s")
    tmux.see("TIERS")
    tmux.type("q")
    tmux.see("come back: stagewatch attach")
    tmux.run(suites, *STAGEWATCH, "stop")
    tmux.see("code 0")
