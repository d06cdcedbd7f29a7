"""Starting a session or an editor (the only place that spawns from the viewer's side); finding and ending sessions."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec

from tui import places
from tui.client.asking import ask, is_running
from tui.errors import INTERNAL, StagewatchError
from tui.protocol import Stop
from tui.session import records
from tui.session.records import SessionRecord
from tui.session.request import Ready, RunRequest

ENTRY = "__session__"
"""The command line's hidden entry point."""

_START = "import sys; sys.path.insert(0, sys.argv.pop(1)); from tui.cli import main; raise SystemExit(main())"
"""Not ``-m tui``: that would let a folder ``tui`` of the tested project pass for ours."""

_BETWEEN = 5.0
"""Seconds in which a session that has a record but does not listen comes to listen, or is gone."""
_LONGEST_END = 30.0
"""Seconds that a session gets to end its processes and itself."""


def start_session(request: RunRequest) -> Ready:
    """Start a background process that survives this terminal, and wait until it listens.

    Raises StagewatchError, with its exit code, when it could not start.
    """
    try:
        asked = msgspec.json.encode(request)
    except UnicodeEncodeError as error:
        raise StagewatchError(f"{error.object!r} is not text in UTF-8, and can't be recorded") from None
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
        with suppress(BrokenPipeError):  # it is dead already; that it says nothing is heard next
            process.stdin.write(asked)
            process.stdin.close()
        line = process.stdout.readline()
    process.returncode = 0  # it is not ours to wait for: it goes on when we are gone
    if not line:
        raise StagewatchError(f"the session could not start; {log} says why", INTERNAL)
    ready = msgspec.json.decode(line, type=Ready)
    if ready.error:
        raise StagewatchError(ready.error, ready.exit_code)
    return ready


def edit(command: list[str], folder: Path) -> None:
    """Give the terminal to an editor until it ends. Raises StagewatchError when it can't be started."""
    try:
        subprocess.run(command, cwd=folder, check=False)
    except OSError as error:
        raise StagewatchError(f"the editor {command[0]} can't be started: {error.strerror}") from None


def find(name: str | None, here: Callable[[], str]) -> SessionRecord | None:
    """The session named; else that of the project ``here``; else the only one.

    Raises StagewatchError when there is none of that name.
    """
    live = records.live()
    if name is not None:
        found = next((record for record in live if record.name == name), None)
        if found is None:
            known = f"alive: {', '.join(record.name for record in live)}" if live else "none is alive"
            raise StagewatchError(
                f"there is no session {name} (any more); {known}; `stagewatch show`, in its project, opens its run"
            )
        return found
    root = here() if live else ""
    mine = [record for record in live if record.root == root]
    if mine or len(live) != 1:
        return mine[0] if mine else None
    return live[0]


def make_room(root: str) -> None:
    """A session of this project that has nothing more to run makes room for the next.

    Raises StagewatchError for one that still runs.
    """
    record = next((record for record in records.live() if record.root == root), None)
    if record is None:
        return
    try:
        running = asyncio.run(is_running(Path(record.socket)))
    except StagewatchError:
        running = not records.wait_until_gone(record, _BETWEEN)  # it begins, or ends, at this very moment
    if running:
        raise StagewatchError(
            f"{record.name} is running this project already: `stagewatch attach` joins it, `stagewatch stop` ends it"
        )
    end(record)


def end(record: SessionRecord) -> None:
    """End a session, and wait until it and all that it started are gone. Raises StagewatchError when it won't."""
    try:
        asyncio.run(ask(Path(record.socket), Stop(), until_gone=True))
    except StagewatchError:
        records.terminate(record)  # it speaks an older protocol, or has just ended: every version heeds a signal
    if not records.wait_until_gone(record, _LONGEST_END):
        raise StagewatchError(f"{record.name} does not end; its process is {record.pid}")
