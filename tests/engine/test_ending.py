"""Whoever is killed, nothing that a run has started outlives it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.engine.host import PATIENCE, PROJECTS, command, make_project
from tui.engine.orphans import marked
from tui.session import records


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Two tests that never end, with a child of its own session each; each says when it is so far."""
    return make_project(
        tmp_path / "project",
        test_a="""
            import os, pathlib, subprocess, threading, pytest

            def hang(name):
                child = subprocess.Popen(["sleep", "1003"], start_new_session=True)
                pathlib.Path(os.environ["FIFO"]).write_text(f"{name}\\n")
                threading.Event().wait()

            def test_one(): hang("one")
        """,
        test_b="from test_a import hang\ndef test_two(): hang('two')\n",
    )


def test_the_host_of_the_engine_is_killed(project: Path, tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    viewer = subprocess.Popen(
        [sys.executable, "-m", "tui", "run", "--headless", "--python", sys.executable, "--workers", "2"],
        cwd=project, env=os.environ | {"FIFO": str(fifo), "PYTHONPATH": str(PROJECTS.parent.parent)},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    said: set[str] = set()
    while said != {"one", "two"}:
        said.update(fifo.read_text().split())
    (record,) = records.live()
    started = marked(record.mark)
    assert sum("sleep" in process.name() for process in started) == 2
    os.kill(record.pid, signal.SIGKILL)
    _, alive = psutil.wait_procs(started, timeout=PATIENCE)
    assert not alive
    assert not marked(record.mark)
    viewer.communicate(timeout=PATIENCE)
    assert viewer.returncode != 0

    again = command(project, "-k", "nothing")
    assert again.code == 4
    assert f"session {record.name} (iteration {record.iteration}" in again.out
    assert f"iteration {record.iteration} was interrupted" in again.out
