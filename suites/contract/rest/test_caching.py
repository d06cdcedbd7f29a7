"""ETags of threads: nothing is sent twice, and nothing is overwritten that its writer has not seen."""

from __future__ import annotations

from suites.client import Client
from suites.expect import problem


async def test_a_thread_is_sent_again_only_when_it_has_changed(member: Client) -> None:
    path = f"/threads/{(await member.create_thread())['id']}"
    first = await member.get(path)
    assert first.headers["etag"] == '"v1"'
    assert first.headers["cache-control"] == "private, no-cache"

    unchanged = await member.get(path, headers={"if-none-match": '"v1"'})
    assert (unchanged.status_code, unchanged.content, unchanged.headers["etag"]) == (304, b"", '"v1"')

    await member.call("PATCH", path, {"title": "changed"}, headers={"if-match": '"v1"'})
    changed = await member.get(path, headers={"if-none-match": '"v1"'})
    assert (changed.status_code, changed.headers["etag"], changed.json()["title"]) == (200, '"v2"', "changed")


async def test_a_thread_is_changed_only_by_who_says_which_version_they_saw(member: Client) -> None:
    thread = await member.create_thread("as it was")
    path = f"/threads/{thread['id']}"

    problem(await member.patch(path, {"title": "blindly"}), 428, "precondition-required")

    assert await member.thread(thread["id"]) == thread
    assert (await member.patch(path, {"title": "seeing"}, headers={"if-match": '"v1"'})).status_code == 200


async def test_a_change_to_a_version_that_is_past_is_refused(member: Client) -> None:
    thread = await member.create_thread("as it was")
    path = f"/threads/{thread['id']}"
    first = await member.patch(path, {"title": "first"}, headers={"if-match": '"v1"'})
    assert first.status_code == 200

    late = await member.patch(path, {"title": "late"}, headers={"if-match": '"v1"'})

    problem(late, 412, "precondition-failed")
    assert await member.thread(thread["id"]) == first.json()
    assert (await member.patch(path, {"title": "next"}, headers={"if-match": '"v2"'})).json()["title"] == "next"
