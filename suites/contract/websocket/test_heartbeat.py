"""The server's own pings, in an environment of this module's own with a quick heart."""

from __future__ import annotations

import asyncio
import time

import httpx
import pytest
from websockets.asyncio.client import ClientConnection
from websockets.frames import Frame, Opcode

from suites.client import Admin, Client
from suites.client.admin import own_environment

pytestmark = pytest.mark.own_environment

BEAT = 0.4


class Listener(ClientConnection):
    """A client that notes the server's pings. While it is ``mute`` it does not answer them."""

    def __init__(self, protocol, **options) -> None:  # type: ignore[no-untyped-def]
        super().__init__(protocol, **options)
        self.pings: asyncio.Queue[bytes] = asyncio.Queue()
        self.mute = False
        send = protocol.send_frame
        protocol.send_frame = lambda frame: None if self.mute and frame.opcode is Opcode.PONG else send(frame)

    def process_event(self, event) -> None:  # type: ignore[no-untyped-def]
        if isinstance(event, Frame) and event.opcode is Opcode.PING:
            self.pings.put_nowait(bytes(event.data))
        super().process_event(event)


async def test_the_server_pings_and_closes_with_1011_when_no_pong_comes(admin: Admin, http: httpx.AsyncClient) -> None:
    async with own_environment(admin, env={"STAGING_HEARTBEAT": str(BEAT)}) as own:
        client = await Client.login(own.target, http, own.target.user, own.target.password)
        async with client.connect(create_connection=Listener) as socket:
            assert socket.welcome["heartbeat"] == BEAT
            async with asyncio.timeout(client.target.timeout):
                answered = {await socket.raw.pings.get() for _ in range(2)}
            assert len(answered) == 2

            socket.raw.mute = True
            silent = time.monotonic()
            closed = await socket.closed()

            assert closed.code == 1011
            assert time.monotonic() - silent >= BEAT
