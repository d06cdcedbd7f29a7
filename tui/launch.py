"""Starting a session: the only place that spawns a process from the viewer's side."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec

from tui import places
from tui.errors import INTERNAL, StagewatchError
from tui.session.request import Ready, RunRequest

ENTRY = "__session__"
"""The command line's hidden entry point."""

_START = "import sys; sys.path.insert(0, sys.argv.pop(1)); from tui.cli import main; raise SystemExit(main())"
"""Not ``-m tui``: that would let a folder ``tui`` of the tested project pass for ours."""


def start_session(request: RunRequest) -> Ready:
    """Start a background process that survives this terminal, and wait until it listens.

    Raises StagewatchError, with its exit code, when it could not start.
    """
    log = places.project_folder(Path(request.root)) / "session.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", _START, str(Path(__file__).parent.parent), ENTRY],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=output,
            cwd=request.cwd,
            start_new_session=True,
        )
    assert process.stdin is not None and process.stdout is not None
    with process.stdin, process.stdout:
        process.stdin.write(msgspec.json.encode(request))
        process.stdin.close()
        line = process.stdout.readline()
    process.returncode = 0  # it is not ours to wait for: it goes on when we are gone
    if not line:
        raise StagewatchError(f"the session could not start; {log} says why", INTERNAL)
    ready = msgspec.json.decode(line, type=Ready)
    if ready.error:
        raise StagewatchError(ready.error, ready.exit_code)
    return ready
