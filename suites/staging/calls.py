"""Small calls to one other service: JSON there and back over kept connections.

An introspection is part of every request to the platform. A general HTTP client costs more than
all the rest of such a request; this one knows only what the services here answer: a head, and a
body of a stated length.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from suites.staging.answers import encoded

_PATIENCE = 5.0
_KEPT = 64


class Unreachable(Exception):
    """The service does not answer, or not in time, or says that it cannot."""


class Calls:
    """To the service on ``port`` of 127.0.0.1."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def get(self, path: str) -> Any:
        """What is there. Raises :class:`Unreachable`."""
        status, answer = await self._call("GET", path, {}, b"")
        if status != 200:
            raise Unreachable
        return answer

    async def post(self, path: str, body: Any, headers: Mapping[str, str]) -> tuple[int, Any]:
        """The status and the body of the answer to a POST that may be sent twice. Raises :class:`Unreachable`."""
        sent = {**headers, "content-type": "application/json"}
        status, answer = await self._call("POST", path, sent, encoded(body))
        if status >= 500:
            raise Unreachable
        return status, answer

    def close(self) -> None:
        """Drop the kept connections."""
        while self._idle:
            self._idle.pop()[1].transport.abort()

    async def _call(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, Any]:
        lines = [f"{method} {path} HTTP/1.1", f"host: 127.0.0.1:{self._port}", f"content-length: {len(body)}"]
        lines += (f"{name}: {value}" for name, value in headers.items())
        request = "\r\n".join((*lines, "\r\n")).encode("latin-1") + body
        try:
            async with asyncio.timeout(_PATIENCE):
                while self._idle:
                    # A kept connection may have ended meanwhile; then there is another, or a new one.
                    try:
                        return await self._exchange(*self._idle.pop(), request)
                    except (OSError, EOFError):
                        continue
                return await self._exchange(*await asyncio.open_connection("127.0.0.1", self._port), request)
        except (OSError, EOFError, ValueError, asyncio.LimitOverrunError):
            raise Unreachable from None

    async def _exchange(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes
    ) -> tuple[int, Any]:
        whole = False
        try:
            writer.write(request)
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            status = int(head[9:12])
            body = await reader.readexactly(_length(head))
            whole = b"\r\nconnection: close\r\n" not in head and len(self._idle) < _KEPT
        finally:
            if whole:
                self._idle.append((reader, writer))
            else:
                writer.transport.abort()
        return status, json.loads(body)


def _length(head: bytes) -> int:
    """What a head in lower case says of the body's length. Raises ``ValueError``."""
    _, found, rest = head.partition(b"\r\ncontent-length:")
    if not found:
        raise ValueError("a length is missing")
    return int(rest.partition(b"\r\n")[0])
