"""P5, data and persistence: what was acknowledged stays, as it was, and nothing else does.

Covers the promises of storage over a restart and a kill (on an environment of this module's own), of
versions and preconditions, of deletion, idempotency, cursors, and of data that comes back as it went in.
"""

from __future__ import annotations

import asyncio
import secrets
from typing import Any

import pytest

from suites.client import Client, Environment
from suites.expect import problem

own_environment = pytest.mark.own_environment


# Over a restart ----------------------------------------------------------------------------------


@own_environment
@pytest.mark.parametrize("kill", [False, True], ids=["a-restart", "a-kill"])
async def test_what_was_acknowledged_is_still_there_after(own: Environment, own_client: Client, kill: bool) -> None:
    thread = await own_client.create_thread("kept", {"service": "checkout"})
    message = await own_client.send_message(thread["id"], "keep me")
    run = await own_client.complete(thread["id"], "analyst", "6 * 7")
    before = await own_client.thread(thread["id"]), await own_client.messages(thread["id"])

    restarted = await own.admin.restart("backend-1", kill=kill)

    assert restarted["old"] != restarted["new"]
    assert before == (await own_client.thread(thread["id"]), await own_client.messages(thread["id"]))
    assert before[1][0] == message
    assert await own_client.run(run["id"]) == run


@own_environment
async def test_a_run_that_was_at_work_at_a_kill_is_failed_as_interrupted(own: Environment, own_client: Client) -> None:
    thread = (await own_client.create_thread())["id"]
    async with own_client.connect(thread=thread, after=0) as socket:
        run = await own_client.start_run(thread, "slow", "2000")
        seen = [await socket.next_event() for _ in range(4)]
        await own.admin.restart("backend-1", kill=True)

    interrupted = await own_client.run(run["id"])
    events = await own_client.events(run["id"])

    assert interrupted["status"] == "failed"
    assert interrupted["error"]["code"] == "interrupted"
    assert events[:4] == seen
    assert (events[-1]["type"], events[-1]["data"]["code"]) == ("agent_failed", "interrupted")
    assert [event["sequence"] for event in events] == list(range(1, interrupted["last_sequence"] + 1))


@own_environment
async def test_a_thread_goes_on_counting_its_events_after_a_restart(own: Environment, own_client: Client) -> None:
    thread = (await own_client.create_thread())["id"]
    first = await own_client.complete(thread, "echo", "before")
    before = await own_client.events(first["id"])

    await own.admin.restart("backend-1")
    second = await own_client.complete(thread, "echo", "after")

    assert (await own_client.events(first["id"])) == before
    assert [event["sequence"] for event in await own_client.events(second["id"])] == [5, 6, 7, 8]
    assert [message["sequence"] for message in await own_client.messages(thread)] == [1, 2]


@own_environment
async def test_an_idempotency_key_is_remembered_over_a_restart(own: Environment, own_client: Client) -> None:
    key = {"idempotency-key": secrets.token_hex(8)}
    first = await own_client.post("/threads", {"title": "once"}, headers=key)

    await own.admin.restart("backend-1", kill=True)
    again = await own_client.post("/threads", {"title": "once"}, headers=key)

    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["location"] == first.headers["location"]


@own_environment
async def test_users_and_sessions_live_on_when_the_auth_service_restarts(own: Environment, own_client: Client) -> None:
    name, password = await own_client.new_user("viewer")
    user = await Client.login(own.target, own_client.http, name, password)

    await own.admin.restart("auth-1", kill=True)

    assert (await user.get("/users/me")).json() == user.user
    await user.refresh()
    assert (await user.get("/threads")).status_code == 200
    anew = await Client.login(own.target, own_client.http, name, password)
    assert anew.user == user.user


@own_environment
async def test_what_was_revoked_stays_revoked_after_a_restart(own: Environment, own_client: Client) -> None:
    stays = await Client.login(own.target, own_client.http, own.target.user, own.target.password)
    await own_client.logout()

    await own.admin.restart("auth-1")

    assert (await stays.get("/threads")).status_code == 200
    problem(await own_client.get("/threads"), 401, "invalid-token")
    refresh = await own_client.post("/auth/refresh", {"refresh_token": own_client.refresh_token}, anonymous=True)
    problem(refresh, 401, "invalid-grant")


# Versions, deletion, idempotency -----------------------------------------------------------------


async def test_of_two_changes_of_one_version_exactly_one_is_kept(member: Client) -> None:
    path = f"/threads/{(await member.create_thread('as it was'))['id']}"
    etag = {"if-match": (await member.get(path)).headers["etag"]}

    answers = await asyncio.gather(*(member.patch(path, {"title": f"change {i}"}, headers=etag) for i in range(2)))

    kept, refused = sorted(answers, key=lambda answer: answer.status_code)
    assert kept.status_code == 200
    problem(refused, 412, "precondition-failed")
    assert (await member.get(path)).json() == kept.json()


async def test_a_thread_that_has_not_changed_is_not_sent_again(member: Client) -> None:
    path = f"/threads/{(await member.create_thread('as it was'))['id']}"
    etag = (await member.get(path)).headers["etag"]

    unchanged = await member.get(path, headers={"if-none-match": etag})
    changed = await member.patch(path, {"title": "changed"}, headers={"if-match": etag})
    sent = await member.get(path, headers={"if-none-match": etag})

    assert (unchanged.status_code, unchanged.content, unchanged.headers["etag"]) == (304, b"", etag)
    assert (sent.status_code, sent.json()["title"]) == (200, "changed")
    assert sent.headers["etag"] == changed.headers["etag"] != etag


async def test_with_a_thread_go_its_messages_and_runs_and_nobody_elses(member: Client) -> None:
    doomed, other = (await member.create_thread())["id"], (await member.create_thread())["id"]
    message, kept = await member.send_message(doomed, "gone"), await member.send_message(other, "kept")
    run = await member.complete(doomed, "echo", "gone")

    deleted = await member.delete(f"/threads/{doomed}")

    assert (deleted.status_code, deleted.content) == (204, b"")
    gone = [f"/threads/{doomed}/messages", f"/threads/{doomed}/messages/{message['id']}", f"/runs/{run['id']}"]
    for path in (f"/threads/{doomed}", *gone, f"/runs/{run['id']}/events"):
        problem(await member.get(path), 404, "not-found")
    assert await member.messages(other) == [kept]


async def test_the_same_request_twice_at_once_makes_one_thing(member: Client) -> None:
    key = {"idempotency-key": secrets.token_hex(8)}

    answers = await asyncio.gather(*(member.post("/threads", {"title": "one"}, headers=key) for _ in range(5)))

    made = await member.everything("/threads")
    assert len(made) == 1
    assert [(answer.status_code, answer.json()) for answer in answers] == [(201, made[0])] * 5
    assert sorted(answer.headers.get("idempotency-replayed", "") for answer in answers) == ["", *["true"] * 4]


async def test_a_cursor_neither_repeats_nor_leaves_out_what_was_there_while_more_comes(member: Client) -> None:
    thread = (await member.create_thread())["id"]
    sent = [(await member.send_message(thread, f"message {i}"))["id"] for i in range(7)]
    seen: list[str] = []
    page: dict[str, Any] = {"has_more": True, "next_cursor": None}

    while page["has_more"] and len(seen) < 12:
        params = {"limit": 2, "order": "desc"} | ({"cursor": page["next_cursor"]} if seen else {})
        page = await member.call("GET", f"/threads/{thread}/messages", params=params)
        seen += [message["id"] for message in page["items"]]
        await member.send_message(thread, "in between")

    assert seen == sent[::-1]
    assert page["next_cursor"] is None


async def test_a_message_is_never_changed_nor_deleted(member: Client) -> None:
    thread = (await member.create_thread())["id"]
    message = await member.send_message(thread, "as it was said")
    path = f"/threads/{thread}/messages/{message['id']}"

    for refused in (await member.patch(path, {"content": "other"}), await member.delete(path)):
        problem(refused, 405, "method-not-allowed")
        assert "GET" in refused.headers.get("allow", "").split(", ")
    assert (await member.get(path)).json() == message


async def test_text_comes_back_as_it_went_in(member: Client) -> None:
    text = "línea 1\n\tlínea 2 — 日本語 🚀 e\u0301 'quoted'; DROP TABLE threads; -- \"\\\" "
    metadata = {"schlüssel 🔑": text, "empty": ""}
    thread = await member.create_thread("  Ünïcode 🚀 %_?  ", metadata)
    message = await member.send_message(thread["id"], text)

    stored = await member.thread(thread["id"])

    assert (stored["title"], stored["metadata"]) == ("Ünïcode 🚀 %_?", metadata)
    assert (await member.get(f"/threads/{thread['id']}/messages/{message['id']}")).json()["content"] == text
    assert [found["id"] for found in await member.everything("/threads", title="ÜNÏCODE 🚀 %_?")] == [thread["id"]]


async def test_a_thread_is_of_a_new_version_after_everything_that_changes_it(member: Client) -> None:
    made = await member.create_thread("first")
    await member.send_message(made["id"], "hello")
    written = await member.get(f"/threads/{made['id']}")
    etag = {"if-match": written.headers["etag"]}
    retitled = await member.call("PATCH", f"/threads/{made['id']}", {"title": "second"}, headers=etag)
    run = await member.complete(made["id"], "echo", "hello")
    answered = await member.thread(made["id"])

    versions = [made, written.json(), retitled, answered]
    assert [thread["message_count"] for thread in versions] == [0, 1, 1, 2]
    numbers = [thread["version"] for thread in versions]
    assert numbers == sorted(set(numbers))
    assert written.headers["etag"] == f'"v{written.json()["version"]}"'
    assert made["created_at"] == made["updated_at"] <= retitled["updated_at"] <= run["finished_at"]
    assert answered["updated_at"] >= run["finished_at"]
