"""A user's WebSocket: questions with their answers, and the events that come in between."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol

from suites.client.credentials import Upgrade

_LAST = ("agent_completed", "agent_failed")


class Closed(NamedTuple):
    """How a connection ended, as the other side said it (1006: it said nothing)."""

    code: int
    reason: str


class Socket:
    """An open connection. ``welcome`` is its first frame; ``raw`` is the library's own connection.

    Whatever waits raises TimeoutError after the target's patience. Frames come out in the order
    they came in; an answer that ``ask`` waits for overtakes what came before it, nothing else does.
    """

    def __init__(self, raw: ClientConnection, patience: float) -> None:
        self.raw = raw
        self.welcome: dict[str, Any] = {}
        self._patience = patience
        self._waiting: deque[dict[str, Any]] = deque()
        self._ids = itertools.count(1)

    async def send(self, message: Mapping[str, Any]) -> None:
        """Send one message as it is."""
        await self.raw.send(json.dumps(message))

    async def receive(self) -> dict[str, Any]:
        """The next frame."""
        return self._waiting.popleft() if self._waiting else await self._read()

    async def until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The next frame for which ``wanted`` holds; those before it are left for ``receive``."""
        for frame in self._waiting:
            if wanted(frame):
                self._waiting.remove(frame)
                return frame
        while not wanted(frame := await self._read()):
            self._waiting.append(frame)
        return frame

    async def ask(self, type: str, **fields: Any) -> dict[str, Any]:
        """Send a message with an id of its own; returns the answer with that id (it may be an ``error``)."""
        id = f"q{next(self._ids)}"
        await self.send({"type": type, "id": id, **fields})
        return await self.until(lambda frame: frame.get("id") == id)

    async def ping(self) -> dict[str, Any]:
        """A round trip through the gateway; returns its ``pong``."""
        return await self.ask("ping")

    async def subscribe(self, thread: str, after: int | None = None) -> dict[str, Any]:
        """Hear a thread's events, those after number ``after`` first."""
        return await self.ask("subscribe", thread=thread, **({} if after is None else {"after": after}))

    async def start_run(self, thread: str, agent: str, input: str) -> dict[str, Any]:
        """Start an agent; returns the run."""
        answer = await self.ask("start_run", thread=thread, agent=agent, input=input)
        assert answer["type"] == "accepted", f"the run was not accepted: {answer}"
        run: dict[str, Any] = answer["run"]
        return run

    async def next_event(self) -> dict[str, Any]:
        """The next event (the event itself, without the frame around it)."""
        event: dict[str, Any] = (await self.until(lambda frame: frame["type"] == "event"))["event"]
        return event

    async def events_of(self, run: str) -> list[dict[str, Any]]:
        """All that is still to come of a run, to its last event."""
        events: list[dict[str, Any]] = []
        while not events or events[-1]["type"] not in _LAST:
            frame = await self.until(lambda frame: frame["type"] == "event" and frame["event"]["run_id"] == run)
            events.append(frame["event"])
        return events

    async def closed(self) -> Closed:
        """Wait until the other side closes; frames that come before are kept."""
        try:
            while True:
                self._waiting.append(await self._read())
        except ConnectionClosed as end:
            return Closed(1006, "") if end.rcvd is None else Closed(end.rcvd.code, end.rcvd.reason)

    async def close(self, code: int = 1000) -> None:
        """Close it from this side."""
        await self.raw.close(code)

    async def _read(self) -> dict[str, Any]:
        async with asyncio.timeout(self._patience):
            frame = json.loads(await self.raw.recv())
        assert isinstance(frame, dict), f"the gateway sent {frame!r}, which is no JSON object"
        return frame


@asynccontextmanager
async def open_socket(
    url: str,
    sent: Upgrade,
    *,
    headers: Mapping[str, str],
    subprotocols: Sequence[str],
    origin: str | None,
    patience: float,
    welcome: bool,
    **library: Any,
) -> AsyncIterator[Socket]:
    """Shake hands and, unless told otherwise, read the welcome."""
    offered = [*sent.subprotocols, *subprotocols]
    named = "extra_headers" if sent.old_argument else "additional_headers"
    options: dict[str, Any] = {
        named: [*sent.headers, *headers.items()],
        "subprotocols": [Subprotocol(name) for name in offered] or None,
        "open_timeout": patience,
        "max_queue": None,  # frames wait in Socket: a client that stops reading would not see the other side's close
        **library,
    }
    if (said := origin or sent.origin) is not None:
        options["origin"] = Origin(said)
    if (key := sent.key) is not None:
        options["create_connection"] = _with_key(key)
    async with connect(url, **options) as raw:
        socket = Socket(raw, patience)
        if welcome:
            socket.welcome = await socket.receive()
            assert socket.welcome["type"] == "welcome", f"the first frame was no welcome: {socket.welcome}"
        yield socket


def _with_key(key: str) -> type[ClientConnection]:
    class HandRolled(ClientConnection):
        """A client that writes its ``Sec-WebSocket-Key`` by hand, and wrongly."""

        def __init__(self, protocol: Any, **options: Any) -> None:
            protocol.key = key
            super().__init__(protocol, **options)

    return HandRolled
