"""The session's end of snapshots: processes stopped half-way to a collection, that generations are forked from.

What they are is the agent's to say (``agent/stagewatch_agent/snapshot``).
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TypeAlias

import msgspec

_LONGEST_WORD = 4096
_UNKNOWN_END = -signal.SIGKILL
"""The exit code of a process whose parent was killed before it could tell."""


class _Ready(msgspec.Struct, array_like=True, tag="ready"):
    pid: int


class _Forked(msgspec.Struct, array_like=True, tag="forked"):
    number: int
    pid: int


class _Refused(msgspec.Struct, array_like=True, tag="refused"):
    number: int


class _Ended(msgspec.Struct, array_like=True, tag="ended"):
    number: int
    code: int


_Word: TypeAlias = _Ready | _Forked | _Refused | _Ended
_decoder = msgspec.json.Decoder(_Word)


class Snapshot:
    """One of them, from before it is there. ``control`` is its end of the line, to be given to the process that is to
    leave it behind, and then closed here (``given``).
    """

    def __init__(self) -> None:
        self._ours, self._theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._ours.setblocking(False)
        self.is_open = True
        """Whether it may still be there."""
        self._count = 0
        self._asked: dict[int, asyncio.Future[int | None]] = {}
        self._lines: dict[int, ForkedLine] = {}
        self.pid = 0
        asyncio.get_running_loop().add_reader(self._ours, self._hear)

    @property
    def control(self) -> int:
        return self._theirs.fileno()

    def given(self) -> None:
        self._theirs.close()

    async def fork(
        self,
        files: Sequence[str],
        changed: Sequence[str],
        on_lines: Callable[[list[bytes]], None],
        on_exit: Callable[[int], None],
        next: Snapshot | None = None,
    ) -> ForkedLine | None:
        """Have it fork a process that goes on to collect ``files`` (all, when there are none).

        ``changed``: files whose compiled copies are not to be trusted. ``next``: what the process is to leave behind in
        turn. None where there is no snapshot, or what it has loaded is no longer what there is.
        """
        if not self.is_open:
            return None
        self._count += 1
        number = self._count
        answer = self._asked[number] = asyncio.get_running_loop().create_future()
        ours, theirs = socket.socketpair()
        order = msgspec.json.encode({"number": number, "files": files, "changed": changed})
        try:
            socket.send_fds(self._ours, [order], [theirs.fileno(), *([next.control] if next else [])])
        except OSError:
            self._close()
        finally:
            theirs.close()
        pid = await answer
        if pid is None:
            ours.close()
            return None
        line = self._lines[number] = ForkedLine(pid, on_lines, on_exit)
        await asyncio.get_running_loop().create_unix_connection(lambda: line, sock=ours)
        if not self.is_open:
            line.exited(_UNKNOWN_END)
        return line

    def close(self) -> None:
        """No more will be asked of it. It ends when those do that were forked from it."""
        with suppress(OSError):
            self._ours.shutdown(socket.SHUT_WR)

    def _hear(self) -> None:
        try:
            said = self._ours.recv(_LONGEST_WORD)
            word = _decoder.decode(said) if said else None
        except BlockingIOError:
            return
        except (OSError, msgspec.DecodeError):
            word = None
        match word:
            case None:
                self._close()
            case _Ready():
                self.pid = word.pid
            case _Forked():
                self._answer(word.number, word.pid)
            case _Refused():
                self._answer(word.number, None)
            case _Ended():
                if line := self._lines.pop(word.number, None):
                    line.exited(word.code)

    def _answer(self, number: int, pid: int | None) -> None:
        if (asked := self._asked.pop(number, None)) and not asked.done():
            asked.set_result(pid)

    def _close(self) -> None:
        if self.is_open:
            self.is_open = False
            asyncio.get_running_loop().remove_reader(self._ours)
            self._ours.close()
            self._theirs.close()
            for number in list(self._asked):
                self._answer(number, None)
            for line in self._lines.values():
                line.exited(_UNKNOWN_END)
            self._lines.clear()


class ForkedLine(asyncio.Protocol):
    """The line to a forked agent: whole lines come in, lines go out; as ``launcher.Channel`` is to a launched one."""

    def __init__(self, pid: int, on_lines: Callable[[list[bytes]], None], on_exit: Callable[[int], None]) -> None:
        self.pid = pid
        self._on_lines = on_lines
        self._on_exit = on_exit
        self._rest = b""
        self._code: int | None = None
        self._transport: asyncio.WriteTransport | None = None
        self._is_lost = False

    def send(self, data: bytes) -> None:
        """Queue lines for the agent. What is sent to one that has ended is lost: its end is told by ``on_exit``."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def kill(self) -> None:
        """End the agent's process at once."""
        if self._code is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def exited(self, code: int) -> None:
        """Its parent tells, or can't any more."""
        if self._code is None:
            self._code = code
            self._end()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        lines = (self._rest + data).split(b"\n") if self._rest else data.split(b"\n")
        self._rest = lines.pop()
        if lines:
            self._on_lines(lines)

    def connection_lost(self, exc: Exception | None) -> None:
        self._is_lost = True
        self._end()

    def _end(self) -> None:
        if self._is_lost and self._code is not None:
            self._on_exit(self._code)
