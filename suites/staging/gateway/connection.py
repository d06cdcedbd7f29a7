"""One open WebSocket: its messages in, its answers and events out, and how it ends."""

from __future__ import annotations

import asyncio
import json
import time
import traceback
from collections import deque
from typing import Any

from starlette.types import Message, Receive, Send

from suites.staging.config import Config
from suites.staging.gateway.backend import Backend
from suites.staging.gateway.conversation import Conversation
from suites.staging.gateway.handshake import Admitted
from suites.staging.metrics import Family
from suites.staging.switches import Switches

MESSAGE_BYTES, MESSAGES_PER_SECOND = 65536, 200
_SMALL_LIMIT = 256
_BACKLOG = 256
_CLOSE_PATIENCE = 2.0
_RESTART_EVERY = 20.0


class _Left(Exception):
    """The client has gone."""


class Connection:
    """Between ``receive`` and ``send`` of an accepted WebSocket. ``end`` may be called by anybody, ``serve`` once."""

    def __init__(
        self,
        admitted: Admitted,
        backend: Backend,
        switches: Switches,
        config: Config,
        counted: Family,
        receive: Receive,
        send: Send,
    ) -> None:
        self.user, self.token = admitted.user, admitted.token
        self.opened_at = time.monotonic_ns()
        """By the machine's clock, which is the same one for all gateways."""
        self._switches, self._config, self._counted = switches, config, counted
        self._receive, self._send = receive, send
        self._incoming: asyncio.Queue[str] = asyncio.Queue(_BACKLOG)
        self._recent: deque[float] = deque(maxlen=MESSAGES_PER_SECOND)
        self._ending: asyncio.Future[tuple[int, str]] = asyncio.get_running_loop().create_future()
        self._conversation = Conversation(admitted, backend, switches, config, self.say, self.end)

    @property
    def message_bytes(self) -> int:
        """How long a message may be."""
        return _SMALL_LIMIT if self._switches.on("I4-message-limit-too-small") else MESSAGE_BYTES

    def end(self, code: int, reason: str) -> None:
        """Have it closed; the first call counts."""
        if not self._ending.done():
            self._ending.set_result((code, reason))

    async def say(self, message: dict[str, Any]) -> None:
        """Send one message. Waits while the client is slower."""
        await self._send({"type": "websocket.send", "text": json.dumps(message, ensure_ascii=False)})
        self._counted.add("out")

    async def serve(self, welcome: dict[str, Any]) -> None:
        """From the welcome to the end, which has been said when this returns."""
        if self._switches.on("J9-server-restarting"):
            delay = self._config.scaled(_RESTART_EVERY)
            asyncio.get_running_loop().call_later(delay, self.end, 1012, "service restart")
        working = [asyncio.create_task(part) for part in (self._listen(), self._converse(welcome))]
        try:
            waited: list[asyncio.Future[Any]] = [*working, self._ending]
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            for task in working:
                # uvicorn's ClientDisconnected, too, is an OSError.
                if task.done() and not isinstance(error := task.exception(), _Left | OSError):
                    traceback.print_exception(error)
                    self.end(1011, "internal error")
        finally:
            self._conversation.close()
            for task in working:
                task.cancel()
            await asyncio.gather(*working, return_exceptions=True)
        if self._ending.done():
            await self._close(*self._ending.result())

    async def refuse(self) -> None:
        """Close it as it is, before anything was said."""
        await self._close(*self._ending.result())

    async def _listen(self) -> None:
        """Take what comes, at the pace at which it comes: the rate is judged here, not by how fast it is answered."""
        while True:
            message = await self._receive()
            if message["type"] != "websocket.receive":
                raise _Left
            self._counted.add("in")
            if (fault := self._fault(message)) is not None:
                self.end(*fault)
                await asyncio.Event().wait()  # closing cancels this
            await self._incoming.put(message["text"])

    def _fault(self, message: Message) -> tuple[int, str] | None:
        """The close that a message deserves, whatever it says."""
        now = time.monotonic()
        if len(self._recent) == MESSAGES_PER_SECOND and now - self._recent[0] < 1:
            return 1008, "message rate"
        self._recent.append(now)
        text = message.get("text")
        if text is None:
            return 1003, "text only"
        if len(text) * 4 > self.message_bytes and len(text.encode()) > self.message_bytes:
            return 1009, "message too long"
        return None

    async def _converse(self, welcome: dict[str, Any]) -> None:
        await self.say(welcome)
        await self._conversation.begin()
        while True:
            await self._conversation.hear(await self._incoming.get())

    async def _close(self, code: int, reason: str) -> None:
        """Say goodbye. Under I2 nothing is said, and the server just drops the connection."""
        if self._switches.on("I2-close-code-lost"):
            return
        try:
            async with asyncio.timeout(_CLOSE_PATIENCE):  # a client that reads nothing does not hear it either
                await self._send({"type": "websocket.close", "code": code, "reason": reason})
        except (TimeoutError, OSError):
            return
