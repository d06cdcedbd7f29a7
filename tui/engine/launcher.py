"""Starting the agent where the tests shall run. A launcher gives standard input and output, no more.

This is the local one; another (``ssh``, ``kubectl run -i``) is a file beside it with the same
``launch``.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

AGENT = Path(__file__).parent / "agent"


class Channel(asyncio.SubprocessProtocol):
    """The two pipes of a launched agent: whole lines come in, lines go out."""

    def __init__(self, on_lines: Callable[[list[bytes]], None], on_exit: Callable[[int], None]) -> None:
        self._on_lines = on_lines
        self._on_exit = on_exit
        self._rest = b""
        self._transport: asyncio.SubprocessTransport | None = None

    @property
    def pid(self) -> int:
        assert self._transport is not None
        return self._transport.get_pid() or 0

    def send(self, data: bytes) -> None:
        """Queue lines for the agent. What is sent to one that has ended is lost: its end is told by ``on_exit``."""
        assert self._transport is not None
        stdin = self._transport.get_pipe_transport(0)
        if isinstance(stdin, asyncio.WriteTransport) and not stdin.is_closing():
            stdin.write(data)

    def kill(self) -> None:
        """End the agent's process at once."""
        assert self._transport is not None
        try:
            self._transport.kill()
        except ProcessLookupError:
            return  # it has ended by itself

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.SubprocessTransport)
        self._transport = transport

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        lines = (self._rest + data).split(b"\n") if self._rest else data.split(b"\n")
        self._rest = lines.pop()
        if lines:
            self._on_lines(lines)

    def connection_lost(self, exc: Exception | None) -> None:
        """Both pipes are at their end and the process has exited."""
        assert self._transport is not None
        code = self._transport.get_returncode() or 0
        self._transport.close()
        self._on_exit(code)


async def launch(
    python: str,
    pytest_args: list[str],
    cwd: Path,
    mark: str,
    log: Path,
    on_lines: Callable[[list[bytes]], None],
    on_exit: Callable[[int], None],
    controls: Mapping[str, int],
) -> Channel:
    """Start ``python -m pytest`` with the agent in ``cwd``; what it prints is appended to ``log``.

    ``controls``: by level, the sockets of the snapshots to be left behind; a launcher that can't pass
    descriptors on leaves them out. ``mark`` (``NAME=value``) goes into the environment, so that all it starts is found.
    Raises OSError when the interpreter can't be started.
    """
    name, _, value = mark.partition("=")
    path = os.environ.get("PYTHONPATH")
    environment = {
        **os.environ, name: value, "PYTHONPATH": str(AGENT) + (os.pathsep + path if path else ""),
        "STAGEWATCH_SNAPSHOTS": ",".join(f"{level}={descriptor}" for level, descriptor in controls.items()),
    }  # fmt: skip
    loop = asyncio.get_running_loop()
    with log.open("ab") as output:
        _, channel = await loop.subprocess_exec(
            lambda: Channel(on_lines, on_exit),
            python, "-m", "pytest", "-p", "stagewatch_agent", *pytest_args,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=output,
            cwd=cwd, env=environment, start_new_session=True, pass_fds=tuple(controls.values()),
        )  # fmt: skip
    return channel
