"""What is imported only when it is used: every command pays for its own imports, and for no others."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.e2e.user import GREEN, User

_REPORT = """
import json, sys
from tui.cli import main
try:
    code = main(sys.argv[1:])
except SystemExit:
    pass
names = sorted({name.partition(".")[0] for name in sys.modules})
print("\\n" + json.dumps(names))
"""


def imported(user: User, *arguments: str) -> set[str]:
    root = user.project("green", GREEN)
    ended = subprocess.run(
        [sys.executable, "-P", "-c", _REPORT, *arguments], cwd=root, env=user.env, capture_output=True, text=True
    )
    assert not ended.stderr
    return set(json.loads(ended.stdout.splitlines()[-1]))


@pytest.mark.parametrize("command", [(), ("run",), ("show",)])
def test_help_imports_nothing_that_is_slow(user: User, command: tuple[str, ...]) -> None:
    slow = {"textual", "rich", "msgspec", "sqlite3", "psutil", "asyncio", "subprocess"}
    assert not slow & imported(user, *command, "--help")


def test_a_headless_run_never_imports_a_board(user: User) -> None:
    assert not {"textual", "rich", "psutil"} & imported(user, "run", "--headless", "--python", sys.executable)


def test_lists_need_no_loop_and_no_board(user: User) -> None:
    assert not {"textual", "rich"} & imported(user, "history")
    assert not {"textual", "rich", "sqlite3"} & imported(user, "sessions")
