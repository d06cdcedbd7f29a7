"""Questions and answers over the WebSocket: ids, order, and errors that leave the connection open.

What cannot be done is said with the slug of the problem that REST gives for it: two doors to one thing.
"""

from __future__ import annotations

from typing import Any

import pytest

from suites.client import Client
from suites.expect import problem


async def runs(client: Client, thread: dict[str, Any]) -> list[dict[str, Any]]:
    return await client.everything(f"/threads/{thread['id']}/runs")


async def test_every_answer_bears_the_id_of_its_question(member: Client) -> None:
    thread = await member.create_thread()
    questions = [
        {"type": "ping", "id": "first"},
        {"type": "subscribe", "id": "ä second", "thread": thread["id"]},
        {"type": "message", "id": "3rd", "thread": thread["id"], "content": "hello"},
        {"type": "unsubscribe", "id": "4", "thread": thread["id"]},
        {"type": "nonsense", "id": "5"},
        {"type": "ping", "id": "last"},
    ]
    async with member.connect() as socket:
        for question in questions:
            await socket.send(question)
        frames = [await socket.receive()]
        while frames[-1]["type"] != "pong" or len(frames) == 1:
            frames.append(await socket.receive())

    assert [(frame["id"], frame["type"]) for frame in frames if frame["type"] != "message_created"] == [
        ("first", "pong"),
        ("ä second", "subscribed"),
        ("3rd", "accepted"),
        ("4", "unsubscribed"),
        ("5", "error"),
        ("last", "pong"),
    ]


async def test_questions_asked_in_a_burst_are_answered_in_their_order(member: Client) -> None:
    asked = [f"burst-{number}" for number in range(100)]
    async with member.connect() as socket:
        for id in asked:
            await socket.send({"type": "ping", "id": id})
        answers = [await socket.receive() for _ in asked]

    assert answers == [{"type": "pong", "id": id} for id in asked]


async def test_an_id_has_at_most_64_characters_and_a_longer_one_is_an_error(member: Client) -> None:
    async with member.connect() as socket:
        await socket.send({"type": "ping", "id": "x" * 64})
        assert await socket.receive() == {"type": "pong", "id": "x" * 64}

        await socket.send({"type": "ping", "id": "x" * 65})
        refused = await socket.receive()

        assert (refused["type"], refused["code"]) == ("error", "invalid")
        assert (await socket.ping())["type"] == "pong"


async def test_a_type_that_nobody_knows_is_an_error_and_the_connection_stays(member: Client) -> None:
    thread = await member.create_thread()
    async with member.connect() as socket:
        answer = await socket.ask("publish", thread=thread["id"])

        assert (answer["type"], answer["code"]) == ("error", "unknown-type")
        assert isinstance(answer["detail"], str) and answer["detail"]
        assert (await socket.subscribe(thread["id"]))["type"] == "subscribed"


@pytest.mark.parametrize(
    ("agent", "input", "code", "status"),
    [
        pytest.param("nobody", "hello", "invalid", 422, id="an-agent-that-is-unknown"),
        pytest.param("echo", "hello", "run-in-progress", 409, id="a-second-run-at-once"),
    ],
)
async def test_a_run_that_cannot_be_started_is_refused_alike_at_both_doors(
    member: Client, agent: str, input: str, code: str, status: int
) -> None:
    thread = await member.create_thread()
    async with member.connect() as socket:
        running = await socket.start_run(thread["id"], "slow", "2000") if code == "run-in-progress" else None

        answer = await socket.ask("start_run", thread=thread["id"], agent=agent, input=input)
        response = await member.post(f"/threads/{thread['id']}/runs", {"agent": agent, "input": input})

        problem(response, status, code)
        assert (answer["type"], answer["code"]) == ("error", code)
        assert [run["id"] for run in await runs(member, thread)] == ([running["id"]] if running else [])
        if running:
            await member.cancel_run(running["id"])
            await socket.events_of(running["id"])


async def test_what_is_hidden_is_not_found_and_what_is_only_read_is_forbidden(
    member: Client, viewer: Client, thread: dict[str, Any]
) -> None:
    async with member.connect() as outside, viewer.connect() as watching:
        assert (await watching.subscribe(thread["id"]))["type"] == "subscribed"

        hidden = await outside.subscribe(thread["id"])
        forbidden = await watching.ask("message", thread=thread["id"], content="May I?")

    assert (hidden["type"], hidden["code"]) == ("error", "not-found")
    assert (forbidden["type"], forbidden["code"]) == ("error", "forbidden")
