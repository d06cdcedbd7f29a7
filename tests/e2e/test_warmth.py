"""A test that fails only in a fork, through the whole program: confirmed, contradicted, remembered, trusted again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.user import PATIENCE, User, until

FORKED = """
import os, pathlib
IMPORTED_BY = os.getpid()
def test_pid(): assert os.getpid() == IMPORTED_BY
"""
PLAN = """
[run]
confirm = "always"
[[tier]]
id = "top"
[[suite]]
id = "all"
tier = "top"
paths = ["test_forked.py"]
"""


@pytest.fixture
def user(tmp_path: Path) -> User:
    return User(tmp_path)


def test_what_fails_only_in_a_fork_runs_cold_from_then_on_until_it_is_trusted(user: User) -> None:
    root = user.project("shop", {"test_forked.py": FORKED, "stagewatch.toml": PLAN})
    assert user.type("trust", cwd=root).out == "warm and cold agree: no module runs cold for a disagreement\n"
    try:
        kept = user.begin("--headless", "--keep", cwd=root)
        assert "no-go" in kept.communicate(timeout=PATIENCE)[0]
        rerun = user.type("rerun", "--failed", "--headless", "--json", "-", cwd=root)
        assert (rerun.code, rerun.document["verdict"]) == (0, "go")
        test = rerun.document["tests"][0]
        assert test["disagreed"]
        assert [(one["outcome"], one["warm"], one["unconfirmed"]) for one in test["attempts"]] == [
            ("failed", True, False), ("failed", True, True), ("passed", False, False),
        ]  # fmt: skip
        assert "warm and cold disagree about test_forked.py::test_pid" in rerun.err
        user.type("rerun", "--all", "--headless", cwd=root)
        assert user.recorded(root).tests[1].attempts[-1].cold_reason == "warm and cold disagree here"
        listed = user.type("trust", cwd=root).out
        assert listed.startswith("test_forked.py  runs cold since iteration 1  ")
        assert user.type("trust", "test_forked.py", cwd=root).out == "runs warm again: test_forked.py\n"
        user.type("rerun", "--all", "--headless", cwd=root)
        assert [a.cold_reason is None for a in user.recorded(root).tests[1].attempts[-2:]] == [True, False]
        assert user.type("trust", cwd=root).out.startswith("test_forked.py  runs"), "it has disagreed once more"
    finally:
        user.type("stop", cwd=root)
        user.leave()

    again = user.run("--headless", cwd=root)
    assert again.code == 0, "the next run knows it, and runs it cold at once"
    assert until(lambda: user.recorded(root, 2)).tests[1].attempts[0].cold_reason
    wrong = user.type("trust", "test_none.py", cwd=root)
    assert (wrong.code, wrong.err) == (
        2,
        "stagewatch: test_none.py: no such module runs cold for a disagreement; those that do: test_forked.py\n",
    )
    assert user.type("trust", "test_forked.py", cwd=root).code == 0
    assert "runs warm again" in user.type("show", "--headless", cwd=root).out
    assert user.type("trust", cwd=root).out.startswith("warm and cold agree")
