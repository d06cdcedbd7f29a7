"""Idempotency keys: a request that is sent again, for want of an answer, does nothing twice."""

from __future__ import annotations

import asyncio
import secrets
from typing import Any

import httpx
import pytest

from suites.client import Client
from suites.expect import problem


def key() -> dict[str, str]:
    """The header with a key of its own."""
    return {"idempotency-key": secrets.token_hex(8)}


def answer(response: httpx.Response) -> tuple[Any, ...]:
    return response.status_code, response.json(), response.headers.get("location")


@pytest.mark.parametrize(
    ("what", "status", "body"),
    [
        ("threads", 201, {"title": "once"}),
        ("messages", 201, {"content": "once"}),
        ("runs", 202, {"agent": "echo", "input": "once"}),
    ],
)
async def test_a_request_sent_again_gets_the_first_answer_and_does_nothing(
    member: Client, what: str, status: int, body: dict[str, str]
) -> None:
    thread = (await member.create_thread())["id"]
    path = "/threads" if what == "threads" else f"/threads/{thread}/{what}"
    before, once = await member.everything(path), key()

    first = await member.post(path, body, headers=once)
    assert first.status_code == status
    assert "idempotency-replayed" not in first.headers
    if what == "runs":
        await member.finished(first.json()["id"])
    again = await member.post(path, body, headers=once)

    assert again.headers.get("idempotency-replayed") == "true"
    assert answer(again) == answer(first)
    after = await member.everything(path)
    assert [item["id"] for item in after] == [*(item["id"] for item in before), first.json()["id"]]


async def test_a_key_stands_for_one_body_and_one_path_of_one_user(member: Client, client: Client) -> None:
    thread, once = await member.create_thread(), key()
    first = await member.post("/threads", {"title": "first"}, headers=once)
    assert first.status_code == 201

    other_body = await member.post("/threads", {"title": "second"}, headers=once)
    problem(other_body, 422, "idempotency-key-reused")
    other_path = await member.post(f"/threads/{thread['id']}/messages", {"content": "hello"}, headers=once)
    problem(other_path, 422, "idempotency-key-reused")
    other_user = await client.post("/threads", {"title": "first"}, headers=once)

    assert other_user.status_code == 201
    assert other_user.json()["id"] != first.json()["id"]
    assert await member.everything("/threads") == [thread, first.json()]
    assert await member.messages(thread["id"]) == []


async def test_two_of_the_same_at_the_same_time_make_one(member: Client) -> None:
    once = key()

    answers = await asyncio.gather(*(member.post("/threads", {"title": "one"}, headers=once) for _ in range(2)))

    assert [response.status_code for response in answers] == [201, 201]
    assert [response.json() for response in answers] == await member.everything("/threads") * 2
    assert sorted(response.headers.get("idempotency-replayed", "") for response in answers) == ["", "true"]


async def test_a_refused_request_leaves_its_key_free(member: Client) -> None:
    once = key()

    problem(await member.post("/threads", {"title": ""}, headers=once), 422, "invalid")
    corrected = await member.post("/threads", {"title": "corrected"}, headers=once)

    assert corrected.status_code == 201
    assert "idempotency-replayed" not in corrected.headers
    assert await member.everything("/threads") == [corrected.json()]
