"""Frames of RFC 6455 and RFC 7692 through edge and gateway: fragments, control frames between them, compression."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

from websockets.extensions.permessage_deflate import PerMessageDeflate

from suites.client import Client


async def test_a_ping_between_two_fragments_is_answered_before_the_message_is_whole(member: Client) -> None:
    thread = await member.create_thread()
    async with member.connect() as socket:

        async def fragments() -> AsyncIterator[str]:
            yield '{"type": "message", "id": "whole", "content": "in three '
            pong = await socket.raw.ping(b"in between")
            await asyncio.wait([pong], timeout=member.target.timeout)
            assert pong.done(), "the ping was not answered"
            assert await member.messages(thread["id"]) == []
            yield 'fragments", "thread": "'
            yield thread["id"] + '"}'

        await socket.raw.send(fragments())
        answer = await socket.receive()

    assert (answer["type"], answer["id"]) == ("accepted", "whole")
    assert [message["content"] for message in await member.messages(thread["id"])] == ["in three fragments"]


async def test_a_character_cut_in_two_by_fragments_arrives_whole(member: Client) -> None:
    thread = await member.create_thread()
    content = "größer, 試験 🚀"
    text = json.dumps({"type": "message", "id": "cut", "thread": thread["id"], "content": content}, ensure_ascii=False)
    async with member.connect() as socket:
        await socket.raw.send([bytes([byte]) for byte in text.encode()], text=True)
        answer = await socket.receive()

    assert answer["message"]["content"] == content
    assert [message["content"] for message in await member.messages(thread["id"])] == [content]


async def test_pings_are_answered_with_their_own_payload_in_their_order(member: Client) -> None:
    async with member.connect() as socket:
        answered: list[bytes] = []
        payloads = [b"", b"\x00\xff", bytes(range(125))]
        pongs = []
        for payload in payloads:
            pong = await socket.raw.ping(payload)
            pong.add_done_callback(lambda _, payload=payload: answered.append(payload))
            pongs.append(pong)
            assert (await socket.ping())["type"] == "pong"

        assert [pong.done() for pong in pongs] == [True] * len(payloads)
        assert answered == payloads


async def test_compression_is_agreed_to_when_offered_and_only_then(member: Client) -> None:
    thread = await member.create_thread()
    content = "the same again, " * 900
    async with member.connect(compression="deflate") as packed, member.connect(compression=None) as plain:
        assert [type(agreed) for agreed in packed.raw.protocol.extensions] == [PerMessageDeflate]
        assert "sec-websocket-extensions" not in plain.raw.response.headers
        await packed.subscribe(thread["id"])
        await plain.subscribe(thread["id"])

        sent = await packed.ask("message", thread=thread["id"], content=content)
        heard = [await end.until(lambda frame: frame["type"] == "message_created") for end in (packed, plain)]

    assert sent["message"]["content"] == content
    assert [frame["message"] for frame in heard] == [sent["message"]] * 2
