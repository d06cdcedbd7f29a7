"""Lines that are sent as they happen: one who publishes, any number who listen, none of whom waits for another."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

BEAT = 5.0
"""Seconds between blank lines on a quiet stream, by which a listener knows that it is alive."""

_AT_ONCE = 64 * 1024


class Subscription:
    """What one listener has not been sent yet. Nothing is dropped, however slow it is."""

    def __init__(self, topic: Topic) -> None:
        self._topic = topic
        self._lines: deque[bytes] = deque()
        self._news = asyncio.Event()
        self.over = False

    def put(self, line: bytes) -> None:
        """One more line."""
        self._lines.append(line)
        self._news.set()

    def close(self) -> None:
        """No more lines: those that are here are still taken."""
        self.over = True
        self._topic.leave(self)
        self._news.set()

    async def wait(self, seconds: float) -> None:
        """Until there is a line or an end, at most so long."""
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            pass

    def take(self) -> bytes:
        """As many lines as go in one piece; empty if there are none."""
        parts, size = [], 0
        while self._lines and size < _AT_ONCE:
            parts.append(line := self._lines.popleft())
            size += len(line)
        if not self._lines and not self.over:
            self._news.clear()
        return b"".join(parts)


class Topic:
    """What listeners listen to. ``deserted``: called when the last of them has left."""

    def __init__(self, deserted: Callable[[], object] | None = None) -> None:
        self._listeners: set[Subscription] = set()
        self._deserted = deserted

    def subscribe(self) -> Subscription:
        """From now on."""
        self._listeners.add(subscription := Subscription(self))
        return subscription

    def leave(self, subscription: Subscription) -> None:
        """No longer."""
        self._listeners.discard(subscription)
        if not self._listeners and self._deserted is not None:
            self._deserted()

    def publish(self, *lines: bytes) -> None:
        """To all who listen now. Each line ends with a newline."""
        for listener in self._listeners:
            for line in lines:
                listener.put(line)

    def close(self) -> None:
        """Everybody's stream ends."""
        for listener in tuple(self._listeners):
            listener.close()


class LineStream(Response):
    """NDJSON: the ``first`` lines, then what is published, until either side ends it."""

    media_type = "application/x-ndjson"

    def __init__(self, subscription: Subscription, first: Iterable[bytes] = ()) -> None:
        super().__init__()
        del self.headers["content-length"]
        self._subscription, self._first = subscription, first

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        watch = asyncio.create_task(self._watch(receive))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            await self._send(send, b"\n")
            for piece in self._first:
                await self._send(send, piece)
            subscription = self._subscription
            while True:
                piece = subscription.take()
                if not piece:
                    if subscription.over:
                        break
                    await subscription.wait(BEAT)
                    piece = subscription.take() or b"\n"
                await self._send(send, piece)
            await send({"type": "http.response.body", "body": b""})
        finally:
            self._subscription.close()
            watch.cancel()

    async def _send(self, send: Send, piece: bytes) -> None:
        await send({"type": "http.response.body", "body": piece, "more_body": True})

    async def _watch(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._subscription.close()
