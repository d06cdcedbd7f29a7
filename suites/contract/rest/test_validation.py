"""Validation over REST: what is accepted to its very bounds, refused beyond them, and which value is pointed at."""

from __future__ import annotations

from typing import Any

import httpx

from suites.client import Client
from suites.expect import problem


def pointers(response: httpx.Response) -> list[str]:
    """What a refusal as invalid points at; each pointer comes with a message."""
    errors: list[dict[str, Any]] = problem(response, 422, "invalid")["errors"]
    assert all(error["message"] for error in errors)
    return [error["pointer"] for error in errors]


async def test_a_title_has_one_to_two_hundred_characters_once_stripped(member: Client) -> None:
    longest = "x" * 200
    for title, stripped in ((f"  {longest}\n", longest), (" y ", "y")):
        made = await member.post("/threads", {"title": title})
        assert (made.status_code, made.json().get("title")) == (201, stripped)

    for body in ({"title": ""}, {"title": " \t "}, {"title": "x" * 201}, {"title": 7}, {}):
        assert pointers(await member.post("/threads", body)) == ["/title"], body

    assert [thread["title"] for thread in await member.everything("/threads")] == [longest, "y"]


async def test_metadata_is_at_most_sixteen_pairs_of_short_strings(member: Client) -> None:
    most = {f"{n:064}": "v" * 512 for n in range(16)}
    assert (await member.create_thread("most", most))["metadata"] == most

    beyond: tuple[object, ...] = (most | {"one": "more"}, {"k" * 65: "v"}, {"k": "v" * 513}, {"k": 7}, ["k"])
    for metadata in beyond:
        (pointer,) = pointers(await member.post("/threads", {"title": "beyond", "metadata": metadata}))
        assert pointer.startswith("/metadata")

    assert [thread["title"] for thread in await member.everything("/threads")] == ["most"]


async def test_a_field_that_is_not_known_is_refused_wherever_it_is_sent(member: Client) -> None:
    thread = await member.create_thread()
    path = f"/threads/{thread['id']}"
    known: dict[str, dict[str, str]] = {
        "/threads": {"title": "t"},
        f"{path}/messages": {"content": "c"},
        f"{path}/runs": {"agent": "echo", "input": "i"},
    }

    for where, body in known.items():
        assert pointers(await member.post(where, body | {"colour": "red"})) == ["/colour"], where
    changed = await member.patch(path, {"colour": "red"}, headers={"if-match": '"v1"'})
    assert pointers(changed) == ["/colour"]

    assert await member.everything("/threads") == [thread]
    assert (await member.post(f"{path}/messages", known[f"{path}/messages"])).status_code == 201


async def test_a_message_has_one_to_sixteen_thousand_characters_of_its_user(member: Client) -> None:
    path = f"/threads/{(await member.create_thread())['id']}/messages"
    longest = await member.post(path, {"content": "ü" * 16_000, "role": "user"})
    assert longest.status_code == 201

    assert pointers(await member.post(path, {"content": ""})) == ["/content"]
    assert pointers(await member.post(path, {"content": "ü" * 16_001})) == ["/content"]
    assert pointers(await member.post(path, {"content": "c", "role": "assistant"})) == ["/role"]

    assert await member.everything(path) == [longest.json()]


async def test_a_list_refuses_a_page_that_there_cannot_be(member: Client) -> None:
    thread = await member.create_thread()
    good = await member.call("GET", "/threads", params={"limit": 100, "order": "desc"})
    assert good["items"] == [thread]

    for bad in ({"limit": 0}, {"limit": 101}, {"limit": "ten"}, {"order": "sideways"}, {"cursor": "nonsense"}):
        (name,) = bad
        assert [name in pointer for pointer in pointers(await member.get("/threads", params=bad))] == [True], bad
