"""Threads over REST: made, found, changed and deleted, and what a thread tells of the life in it."""

from __future__ import annotations

import re
from typing import Any

from suites.client import Client
from suites.expect import problem

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


async def test_a_new_thread_is_told_whole_and_stands_at_its_location(member: Client) -> None:
    response = await member.post("/threads", {"title": "Roll out 7", "metadata": {"env": "staging"}})

    assert response.status_code == 201
    thread = response.json()
    assert re.fullmatch(r"thr_[a-z0-9]{20}", thread["id"])
    assert re.fullmatch(TIME, thread["created_at"])
    assert thread == {
        "id": thread["id"],
        "title": "Roll out 7",
        "metadata": {"env": "staging"},
        "owner": member.user["id"],
        "tenant": member.user["tenant"],
        "created_at": thread["created_at"],
        "updated_at": thread["created_at"],
        "version": 1,
        "message_count": 0,
        "active_run": None,
    }
    assert response.headers["location"] == f"/threads/{thread['id']}"
    assert response.headers["etag"] == '"v1"'
    assert (await member.get(response.headers["location"])).json() == thread


async def test_a_change_touches_what_it_names_and_nothing_else(member: Client) -> None:
    before = await member.create_thread("before", {"env": "staging"})

    response = await member.patch(f"/threads/{before['id']}", {"title": "after"}, headers={"if-match": '"v1"'})

    assert response.status_code == 200
    after = response.json()
    assert after == before | {"title": "after", "version": 2, "updated_at": after["updated_at"]}
    assert after["updated_at"] >= before["updated_at"]
    assert response.headers["etag"] == '"v2"'
    assert await member.thread(before["id"]) == after


async def test_a_deleted_thread_is_gone_with_its_messages_and_runs(member: Client) -> None:
    id = (await member.create_thread())["id"]
    message = await member.send_message(id, "hello")
    run = await member.complete(id, "echo", "hello")
    paths = (f"/threads/{id}", f"/threads/{id}/messages/{message['id']}", f"/runs/{run['id']}")
    assert [(await member.get(path)).status_code for path in paths] == [200, 200, 200]

    assert (await member.delete(f"/threads/{id}")).status_code == 204

    for path in (*paths, f"/threads/{id}/messages", f"/runs/{run['id']}/events"):
        problem(await member.get(path), 404, "not-found")
    assert await member.everything("/threads") == []


async def test_a_thread_cannot_be_deleted_while_a_run_is_active(member: Client) -> None:
    id = (await member.create_thread())["id"]
    run = await member.start_run(id, "slow", "2000")

    problem(await member.delete(f"/threads/{id}"), 409, "run-in-progress")

    assert (await member.thread(id))["id"] == id
    await member.cancel_run(run["id"])
    await member.finished(run["id"])
    assert (await member.delete(f"/threads/{id}")).status_code == 204


async def test_a_thread_counts_its_messages_and_names_its_active_run(member: Client) -> None:
    id = (await member.create_thread())["id"]

    async def told() -> tuple[Any, ...]:
        thread = await member.thread(id)
        return thread["message_count"], thread["active_run"]

    await member.send_message(id, "one")
    assert await told() == (1, None)
    run = await member.start_run(id, "slow", "2000")
    assert await told() == (1, run["id"])
    await member.cancel_run(run["id"])
    await member.finished(run["id"])
    assert await told() == (1, None)
    await member.complete(id, "echo", "two")
    assert await told() == (2, None)
