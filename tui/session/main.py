"""The session's process: started by ``launch`` through the command line's hidden entry point."""

from __future__ import annotations

import asyncio
import os
import sys

import msgspec

from tui.errors import StagewatchError
from tui.session.request import Ready, RunRequest
from tui.session.session import Session


def main() -> int:
    """Read a request from standard input, answer with one ``Ready`` on standard output, and live until the end."""
    request = msgspec.json.decode(sys.stdin.buffer.read(), type=RunRequest)
    ready = os.dup(1)
    os.dup2(2, 1)
    os.umask(0o077)
    try:
        return asyncio.run(Session(request).run(ready))
    except StagewatchError as error:
        os.write(ready, msgspec.json.encode(Ready(error=str(error), exit_code=error.exit_code)) + b"\n")
        return error.exit_code
