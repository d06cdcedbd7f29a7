"""Secrets that the project's own code puts into the environment while it is collected, as python-dotenv does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.engine.host import Told, command, make_project, run_engine

SECRETS = ("planted-by-a-conftest-9Zq", "planted-by-a-module-7Xv")
CONFTEST = """
    import os, pathlib
    os.environ["API_TOKEN"] = pathlib.Path("../token").read_text().splitlines()[0]
"""
MODULE = """
    import os, pathlib, pytest
    os.environ["CLIENT_SECRET"] = pathlib.Path("../token").read_text().splitlines()[1]
    {cold}

    @pytest.mark.parametrize("token", [os.environ["API_TOKEN"], os.environ["CLIENT_SECRET"]])
    def test_token(token):
        print("sent", token)
        raise ValueError(f"refused {{token}}")
"""
BROKEN = """
    import os
    raise RuntimeError("can't log in with " + os.environ["API_TOKEN"])
"""


def project_in(folder: Path, cold: str = "") -> Path:
    (folder / "token").write_text("\n".join(SECRETS))
    return make_project(folder / "project", conftest=CONFTEST, test_a=MODULE.format(cold=cold), test_b=BROKEN)


def everything(told: Told) -> str:
    return repr(told.events) + repr(told.evidence)


@pytest.mark.parametrize("cold", ["", "import socket; kept = socket.socket()"], ids=["forked", "fresh"])
def test_they_are_masked_in_names_results_and_errors(tmp_path: Path, cold: str) -> None:
    told = run_engine(project_in(tmp_path, cold))
    assert (told.state.cold_reason is None) == (not cold)
    outcomes = [test.outcome for test in told.state.present()]
    assert sorted(outcomes) == ["error", "failed", "failed"]
    shown = everything(told)
    assert "refused ‹masked›" in shown and "can't log in with ‹masked›" in shown and "test_token[‹masked›" in shown
    assert [secret for secret in SECRETS if secret in shown] == []


def test_they_are_not_in_what_the_command_shows_and_keeps(tmp_path: Path, state_home: Path) -> None:
    ran = command(project_in(tmp_path))
    shown = json.dumps(ran.document) + ran.out + ran.error + ran.junit
    assert "refused" in shown
    assert [secret for secret in SECRETS if secret in shown] == []
    kept = b"".join(path.read_bytes() for path in state_home.rglob("*") if path.is_file())
    assert [secret for secret in SECRETS if secret.encode() in kept] == []
