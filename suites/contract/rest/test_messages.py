"""Messages over REST: numbered in their thread, never changed, and answered by a completed run."""

from __future__ import annotations

import re
from typing import Any

from suites.client import Client
from suites.expect import problem


async def test_a_new_message_is_told_whole_and_stands_at_its_location(member: Client) -> None:
    thread = await member.create_thread()

    response = await member.post(f"/threads/{thread['id']}/messages", {"content": "Is it out?"})

    assert response.status_code == 201
    message = response.json()
    assert re.fullmatch(r"msg_[a-z0-9]{20}", message["id"])
    assert message == {
        "id": message["id"],
        "thread_id": thread["id"],
        "role": "user",
        "author": member.user["id"],
        "content": "Is it out?",
        "sequence": 1,
        "run_id": None,
        "created_at": message["created_at"],
    }
    assert message["created_at"] >= thread["created_at"]
    assert response.headers["location"] == f"/threads/{thread['id']}/messages/{message['id']}"
    assert (await member.get(response.headers["location"])).json() == message


async def test_messages_are_numbered_from_one_in_each_thread(member: Client) -> None:
    left, right = [(await member.create_thread())["id"] for _ in range(2)]

    for thread, content in ((left, "a"), (right, "A"), (left, "b"), (left, "c"), (right, "B")):
        await member.send_message(thread, content)

    def told(messages: list[dict[str, Any]]) -> list[tuple[int, str]]:
        return [(message["sequence"], message["content"]) for message in messages]

    assert told(await member.messages(left)) == [(1, "a"), (2, "b"), (3, "c")]
    assert told(await member.messages(right)) == [(1, "A"), (2, "B")]


async def test_a_message_is_never_changed_or_deleted(member: Client) -> None:
    thread = await member.create_thread()
    message = await member.send_message(thread["id"], "as it was said")
    path = f"/threads/{thread['id']}/messages/{message['id']}"

    for method in ("PATCH", "PUT", "DELETE"):
        response = await member.request(method, path, json={"content": "otherwise"})
        problem(response, 405, "method-not-allowed")
        allowed = set(response.headers.get("allow", "").replace(" ", "").split(","))
        assert "GET" in allowed
        assert method not in allowed

    assert (await member.get(path)).json() == message


async def test_a_message_is_found_in_its_own_thread_only(member: Client) -> None:
    own, other = [(await member.create_thread())["id"] for _ in range(2)]
    message = await member.send_message(own, "here")

    assert (await member.get(f"/threads/{own}/messages/{message['id']}")).json() == message
    problem(await member.get(f"/threads/{other}/messages/{message['id']}"), 404, "not-found")
    assert await member.messages(other) == []


async def test_a_completed_run_adds_a_message_of_the_assistant(member: Client) -> None:
    thread = (await member.create_thread())["id"]
    question = await member.send_message(thread, "What is two and two?")

    run = await member.complete(thread, "analyst", "2 + 2")

    first, answer = await member.messages(thread)
    assert first == question
    assert (answer["role"], answer["run_id"], answer["sequence"]) == ("assistant", run["id"], 2)
    assert answer["content"] == run["result"]["text"] == "Results: 4"
