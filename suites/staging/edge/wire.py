"""One HTTP/1.1 connection, of either side: h11 for the grammar, asyncio streams for the bytes."""

from __future__ import annotations

import asyncio
import contextlib
import ssl

import h11

LARGEST_HEAD = 32 * 1024
"""Bytes of a request or status line with its headers."""
_CHUNK = 65536
_LINGER_BYTES, _LINGER_SECONDS = 4 << 20, 2.0

Event = h11.Request | h11.InformationalResponse | h11.Response | h11.Data | h11.EndOfMessage | h11.ConnectionClosed


class Wire:
    """A connection and what h11 knows of it. ``role``: ``h11.SERVER`` to a client, ``h11.CLIENT`` to a service."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, role: type[h11.SERVER] | type[h11.CLIENT]
    ) -> None:
        self.reader, self.writer = reader, writer
        self.h11 = h11.Connection(role, max_incomplete_event_size=LARGEST_HEAD)
        self.received = False
        """Whether anything has arrived in the present cycle."""

    def ready(self) -> Event | None:
        """The next event, if it is here already."""
        event = self.h11.next_event()
        return None if event is h11.NEED_DATA or event is h11.PAUSED else event  # type: ignore[return-value]

    async def more(self) -> None:
        """Read some more. The end of the stream is an event too."""
        data = await self.reader.read(_CHUNK)
        self.received = self.received or bool(data)
        self.h11.receive_data(data)

    async def next(self) -> Event:
        """The next event, read if need be. Raises ``h11.RemoteProtocolError`` and ``OSError``."""
        while (event := self.ready()) is None:
            await self.more()
        return event

    async def send(self, *events: Event) -> None:
        """Write events, and wait while the other side is slower than this one."""
        data = b"".join(part for event in events if (part := self.h11.send(event)))
        if data:
            self.writer.write(data)
            await self.writer.drain()

    @property
    def reusable(self) -> bool:
        """Whether both sides have said everything and neither wants to close."""
        return self.h11.our_state is h11.DONE and self.h11.their_state is h11.DONE

    def again(self) -> None:
        """Begin the next request on it."""
        self.received = False
        self.h11.start_next_cycle()

    @property
    def dead(self) -> bool:
        """Whether the other side has closed it (as far as the event loop has seen)."""
        return self.reader.at_eof() or self.reader.exception() is not None or self.writer.is_closing()

    def abort(self) -> None:
        """Drop it."""
        self.writer.transport.abort()

    async def close(self) -> None:
        """Close it so that the last answer arrives: what the client still sends is read, within bounds, not reset."""
        with contextlib.suppress(OSError, TimeoutError, ssl.SSLError):
            async with asyncio.timeout(_LINGER_SECONDS):
                if self.writer.can_write_eof():
                    self.writer.write_eof()
                    left = _LINGER_BYTES
                    while left > 0 and (data := await self.reader.read(_CHUNK)):
                        left -= len(data)
                self.writer.close()
                await self.writer.wait_closed()
        self.abort()
