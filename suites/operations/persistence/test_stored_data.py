"""What the backend has acknowledged it still knows after a restart, however it ended: content, versions, idempotency
keys, cursors and settings.
"""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from suites.client import Client, Environment
from suites.expect import problem

pytestmark = pytest.mark.own_environment


async def restart(own: Environment, *, kill: bool = False) -> None:
    restarted = await own.admin.restart("backend-1", kill=kill)
    assert restarted["new"] != restarted["old"]


async def read(client: Client, *paths: str) -> list[Any]:
    """What GET says for each path, whatever that is."""
    return [(await client.get(path)).json() for path in paths]


@pytest.mark.parametrize("kill", [pytest.param(False, id="term"), pytest.param(True, id="kill")])
async def test_threads_messages_runs_and_events_are_as_they_were(
    own: Environment, own_client: Client, kill: bool
) -> None:
    thread = f"/threads/{(await own_client.create_thread('kept', {'team': 'deploys'}))['id']}"
    await own_client.call("POST", f"{thread}/messages", {"content": "Please keep this"})
    run = await own_client.complete(thread.removeprefix("/threads/"), "writer", "it is kept")
    paths = [thread, f"{thread}/messages", f"{thread}/runs", f"/runs/{run['id']}", f"/runs/{run['id']}/events"]
    before = await read(own_client, *paths)

    await restart(own, kill=kill)

    assert await read(own_client, *paths) == before
    assert [message["content"] for message in before[1]["items"]] == ["Please keep this", "Draft: it is kept."]
    assert (before[0]["metadata"], before[0]["message_count"]) == ({"team": "deploys"}, 2)
    assert before[4]["items"][-1]["sequence"] == run["last_sequence"]


async def test_of_writes_that_a_kill_interrupts_the_acknowledged_are_there_and_none_is_there_twice(
    own: Environment, own_client: Client
) -> None:
    thread = await own_client.create_thread()
    path = f"/threads/{thread['id']}/messages"
    acknowledged: list[dict[str, Any]] = []
    under_way, restarted = asyncio.Event(), asyncio.Event()

    async def write(writer: int) -> None:
        number = 0
        while not restarted.is_set():
            number += 1
            try:
                response = await own_client.post(path, {"content": f"{writer}: {number}"})
            except httpx.TransportError:
                continue
            if response.status_code == 201:
                acknowledged.append(response.json())
            if len(acknowledged) >= 20:
                under_way.set()

    async def interrupt() -> None:
        await under_way.wait()
        try:
            await restart(own, kill=True)
        finally:
            restarted.set()

    await asyncio.gather(interrupt(), *map(write, range(4)))
    assert (await own_client.get(path)).status_code == 200
    stored = await own_client.messages(thread["id"])

    assert [message["sequence"] for message in stored] == list(range(1, len(stored) + 1))
    assert len({message["content"] for message in stored}) == len(stored)
    assert [message for message in acknowledged if message not in stored] == []


async def test_an_idempotency_key_still_gives_the_first_answer(own: Environment, own_client: Client) -> None:
    thread = await own_client.create_thread()
    requests = [
        ("/threads", {"title": "made once"}, {"idempotency-key": "before-1"}),
        (f"/threads/{thread['id']}/messages", {"content": "said once"}, {"idempotency-key": "before-2"}),
    ]
    first = [await own_client.post(path, body, headers=key) for path, body, key in requests]

    await restart(own, kill=True)
    again = [await own_client.post(path, body, headers=key) for path, body, key in requests]

    assert [response.headers.get("idempotency-replayed") for response in again] == ["true", "true"]
    assert [response.status_code for response in again] == [201, 201]
    assert [response.json() for response in again] == [response.json() for response in first]
    assert [response.headers["location"] for response in again] == [response.headers["location"] for response in first]
    assert [message["content"] for message in await own_client.messages(thread["id"])] == ["said once"]


async def test_a_version_read_before_is_good_for_a_change_and_one_before_that_is_not(
    own: Environment, own_client: Client
) -> None:
    thread = await own_client.create_thread()
    path = f"/threads/{thread['id']}"
    old = (await own_client.get(path)).headers["etag"]
    new = (await own_client.patch(path, {"title": "changed"}, headers={"if-match": old})).headers["etag"]

    await restart(own)

    assert (await own_client.get(path, headers={"if-none-match": new})).status_code == 304
    problem(await own_client.patch(path, {"title": "stale"}, headers={"if-match": old}), 412, "precondition-failed")
    changed = await own_client.patch(path, {"title": "changed again"}, headers={"if-match": new})
    assert (changed.status_code, changed.json()["version"]) == (200, thread["version"] + 2)


async def test_a_cursor_from_before_goes_on_where_it_stood(own: Environment, own_client: Client) -> None:
    thread = await own_client.create_thread()
    path = f"/threads/{thread['id']}/messages"
    sent = [await own_client.send_message(thread["id"], f"message {n}") for n in range(5)]
    first = await own_client.call("GET", path, params={"limit": 2})

    await restart(own)
    response = await own_client.get(path, params={"limit": 3, "cursor": first["next_cursor"]})

    assert response.status_code == 200
    assert first["items"] + response.json()["items"] == sent
    assert (first["has_more"], response.json()["has_more"]) == (True, False)


async def test_a_tenants_settings_agents_and_disabled_tools_stay(own: Environment, own_client: Client) -> None:
    agent = await own_client.call("POST", "/agents", {"name": "scribe", "instructions": "Write it down."})
    await own_client.call("PATCH", "/tenant", {"settings": {"region": "north"}})
    await own_client.call("PATCH", "/tools/reverse", {"enabled": False})

    await restart(own, kill=True)

    found, tenant = await read(own_client, f"/agents/{agent['id']}", "/tenant")
    assert found == agent
    assert tenant["settings"] == {"region": "north"}
    problem(await own_client.post("/tools/reverse/invoke", {"arguments": {"text": "abc"}}), 409, "tool-disabled")
    await own_client.call("PATCH", "/tools/reverse", {"enabled": True})
    assert await own_client.call("POST", "/tools/reverse/invoke", {"arguments": {"text": "abc"}}) == {
        "result": {"text": "cba"}
    }
