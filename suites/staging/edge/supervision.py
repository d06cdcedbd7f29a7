"""The edge's line to the supervisor: questions with numbers, answers with the same, and the order to leave."""

from __future__ import annotations

import asyncio
import itertools
import json
import socket
from typing import Any


class RestartRefused(Exception):
    """The supervisor will not restart that service now; the text says why."""


class Supervision:
    """``left`` is set when the supervisor says so, ``orphaned`` when it is gone."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self.leaving = asyncio.Event()
        self.orphaned = False
        self._listening = asyncio.create_task(self._listen())

    @classmethod
    async def open(cls, line: socket.socket) -> Supervision:
        line.setblocking(False)
        return cls(*await asyncio.open_connection(sock=line))

    def started(self) -> None:
        """Say that the edge accepts connections."""
        self._tell({"started": True})

    async def restart(self, service: str, how: str) -> tuple[int, int]:
        """Have a service restarted. Returns the process ids before and after, once the new one accepts connections."""
        answer = await self.ask({"restart": service, "how": how})
        if "error" in answer:
            raise RestartRefused(answer["error"])
        return answer["old"], answer["new"]

    async def services(self) -> dict[str, int]:
        """Process ids by instance."""
        pids: dict[str, int] = (await self.ask({"services": True}))["pids"]
        return pids

    def close(self) -> None:
        self._listening.cancel()
        self._writer.close()

    def _tell(self, message: dict[str, Any]) -> None:
        self._writer.write(json.dumps(message).encode() + b"\n")

    async def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        """The supervisor's answer to a question."""
        number = next(self._numbers)
        self._waiting[number] = answer = asyncio.get_running_loop().create_future()
        self._tell({**question, "number": number})
        said: dict[str, Any] = await answer
        return said

    async def _listen(self) -> None:
        while line := await self._reader.readline():
            message: dict[str, Any] = json.loads(line)
            if "leave" in message:
                self.leaving.set()
            elif (waiting := self._waiting.pop(message["number"], None)) is not None and not waiting.done():
                waiting.set_result(message)
        self.orphaned = True
        self.leaving.set()
