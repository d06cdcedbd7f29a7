"""How the gateway closes: which code for what, that it is said in a close frame, and that nobody else is cut off.

Each closed connection is shown to have worked before.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from websockets.frames import Frame, Opcode

from suites.client import Client, Closed, Socket

LARGEST = 65536
MANY = 200


def ping(id: str, size: int = 0) -> str:
    """A ping of ``size`` bytes: spaces around JSON mean nothing."""
    return json.dumps({"type": "ping", "id": id}).ljust(size)


async def burst(socket: Socket, ids: list[str]) -> None:
    """Send pings as fast as can be: in one piece."""
    frames = (Frame(Opcode.TEXT, ping(id).encode()).serialize(mask=True) for id in ids)
    socket.raw.transport.write(b"".join(frames))


async def open_connections(client: Client, wanted: int) -> int:
    """How many connections the platform counts, once they are ``wanted`` or the client's patience is over."""
    used = -1
    try:
        async with asyncio.timeout(client.target.timeout):
            while used != wanted:
                used = (await client.call("GET", "/quotas"))["used"]["connections"]
    except TimeoutError:
        pass
    return used


async def test_a_binary_frame_is_closed_with_1003(member: Client) -> None:
    async with member.connect(compression=None) as socket, member.connect() as other:
        await socket.raw.send(ping("as text"))
        assert await socket.receive() == {"type": "pong", "id": "as text"}

        await socket.raw.send(ping("as bytes").encode())

        assert (await socket.closed()).code == 1003
        assert (await other.ping())["type"] == "pong"


@pytest.mark.parametrize("text", ["Good morning", '["ping"]'])
async def test_text_that_is_no_json_object_is_closed_with_1007(member: Client, text: str) -> None:
    async with member.connect() as socket, member.connect() as other:
        assert (await socket.ping())["type"] == "pong"

        await socket.raw.send(text)

        assert (await socket.closed()).code == 1007
        assert (await other.ping())["type"] == "pong"


async def _whole(socket: Socket, message: str) -> None:
    await socket.raw.send(message)


async def _in_fragments(socket: Socket, message: str) -> None:
    await socket.raw.send([message[at : at + 1000] for at in range(0, len(message), 1000)])


@pytest.mark.parametrize(
    ("send", "compression"),
    [
        pytest.param(_whole, None, id="in-one-frame"),
        pytest.param(_in_fragments, None, id="in-fragments"),
        pytest.param(_whole, "deflate", id="compressed"),
    ],
)
async def test_a_message_of_65536_bytes_is_taken_and_one_byte_more_is_closed_with_1009(
    member: Client, send: Callable[[Socket, str], Awaitable[None]], compression: str | None
) -> None:
    async with member.connect(compression=compression) as socket:
        await send(socket, ping("largest", LARGEST))
        assert await socket.receive() == {"type": "pong", "id": "largest"}

        await send(socket, ping("too large", LARGEST + 1))

        assert (await socket.closed()).code == 1009


async def test_two_hundred_messages_in_a_second_are_answered_and_a_flood_is_closed_with_1008(member: Client) -> None:
    async with member.connect() as socket, member.connect() as other:
        ids = [f"q{number}" for number in range(MANY)]
        await burst(socket, ids)
        assert [(await socket.receive())["id"] for _ in ids] == ids

        await burst(socket, ids * 2)

        assert await socket.closed() == Closed(1008, "message rate")
        assert (await other.ping())["type"] == "pong"


async def test_a_connection_over_the_users_limit_is_closed_with_1013(new_user: Any) -> None:
    user = await new_user(connections=2)
    async with user.connect() as first:
        async with user.connect() as second, user.connect(welcome=False) as third:
            assert second.welcome["user"] == user.user["id"]
            assert await third.closed() == Closed(1013, "connection limit")
            assert (await first.ping())["type"] == "pong"

        assert await open_connections(user, 1) == 1
        async with user.connect() as again:
            assert (await again.ping())["type"] == "pong"


async def test_when_a_session_ends_its_sockets_are_closed_with_4401_and_no_others(
    member: Client, new_user: Any
) -> None:
    other = await new_user()
    async with member.connect() as first, member.connect(transport="subprotocol") as second, other.connect() as stays:
        assert {first.welcome["user"], second.welcome["user"]} == {member.user["id"]}

        await member.logout()

        assert [(await socket.closed()).code for socket in (first, second)] == [4401, 4401]
        assert (await stays.ping())["type"] == "pong"


async def test_a_close_is_answered_with_1000_and_gives_the_connection_back(member: Client) -> None:
    async with member.connect() as socket, member.connect() as stays:
        assert await open_connections(member, 2) == 2

        await socket.close(1000)

        assert socket.raw.close_code == 1000
        assert await open_connections(member, 1) == 1
        assert (await stays.ping())["type"] == "pong"


async def test_a_frame_that_is_not_masked_is_a_protocol_error(member: Client) -> None:
    frame = Frame(Opcode.TEXT, ping("bare").encode())
    async with member.connect(compression=None) as socket, member.connect() as other:
        socket.raw.transport.write(frame.serialize(mask=True))
        assert await socket.receive() == {"type": "pong", "id": "bare"}

        socket.raw.transport.write(frame.serialize(mask=False))

        assert (await socket.closed()).code == 1002
        assert (await other.ping())["type"] == "pong"
