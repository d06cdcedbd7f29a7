"""Lists over REST: pages, cursors that hold, links to the next page, order and filters."""

from __future__ import annotations

import secrets
from typing import Any

import httpx
import pytest

from suites.client import Client
from suites.conftest import NewUser


async def make(client: Client, count: int) -> list[str]:
    """New threads; returns their ids, oldest first."""
    return [(await client.create_thread(f"thread {n}"))["id"] for n in range(count)]


def ids(page: dict[str, Any]) -> list[str]:
    return [item["id"] for item in page["items"]]


async def test_pages_join_to_the_whole_list_from_the_oldest_on(member: Client) -> None:
    made = await make(member, 5)

    first = await member.call("GET", "/threads", params={"limit": 2})
    second = await member.call("GET", "/threads", params={"limit": 2, "cursor": first["next_cursor"]})
    third = await member.call("GET", "/threads", params={"limit": 2, "cursor": second["next_cursor"]})

    assert [ids(first), ids(second), ids(third)] == [made[:2], made[2:4], made[4:]]
    assert [page["has_more"] for page in (first, second, third)] == [True, True, False]
    assert third["next_cursor"] is None


@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_a_cursor_holds_when_something_is_added(member: Client, order: str) -> None:
    made = await make(member, 4)
    first = await member.call("GET", "/threads", params={"limit": 2, "order": order})

    added = await make(member, 1)
    rest = await member.call("GET", "/threads", params={"limit": 9, "order": order, "cursor": first["next_cursor"]})

    expected = [*made, *added] if order == "asc" else made[::-1]
    assert ids(first) + ids(rest) == expected


async def test_a_link_leads_to_the_next_page_while_there_is_one(member: Client) -> None:
    made = await make(member, 3)

    first = await member.get("/threads", params={"limit": 2, "order": "desc"})
    assert first.status_code == 200
    assert "next" in first.links
    last = await member.get(httpx.URL(first.links["next"]["url"]).raw_path.decode())

    assert ids(first.json()) + ids(last.json()) == made[::-1]
    assert "link" not in last.headers


async def test_a_page_holds_twenty_unless_another_limit_is_asked_for(member: Client) -> None:
    thread = (await member.create_thread())["id"]
    for n in range(21):
        await member.send_message(thread, f"{n}")

    page = await member.call("GET", f"/threads/{thread}/messages")
    whole = await member.call("GET", f"/threads/{thread}/messages", params={"limit": 21})

    assert (len(page["items"]), page["has_more"]) == (20, True)
    assert [item["content"] for item in whole["items"]] == [f"{n}" for n in range(21)]
    assert whole["has_more"] is False


async def test_a_thread_is_found_by_a_part_of_its_title_in_any_case(member: Client) -> None:
    for title in ("Rollback of 12", "rolling out 13", "Canary 100% of 14"):
        await member.create_thread(title)

    async def found(part: str) -> list[str]:
        return [thread["title"] for thread in await member.everything("/threads", title=part)]

    assert await found("ROLL") == ["Rollback of 12", "rolling out 13"]
    assert await found("out 1") == ["rolling out 13"]
    assert await found("%") == ["Canary 100% of 14"]
    assert await found("blue-green") == []


async def test_who_sees_the_tenants_threads_can_narrow_them_to_their_own(new_user: NewUser) -> None:
    admin, member, viewer = [await new_user(role) for role in ("admin", "member", "viewer")]
    mark = secrets.token_hex(6)
    theirs = (await member.create_thread(f"{mark} of the member"))["id"]
    own = (await admin.create_thread(f"{mark} of the admin"))["id"]

    async def seen(by: Client, **params: str) -> list[str]:
        return [thread["id"] for thread in await by.everything("/threads", title=mark, **params)]

    assert await seen(admin) == await seen(viewer) == [theirs, own]
    assert await seen(admin, owner="me") == [own]
    assert await seen(viewer, owner="me") == []
    assert await seen(member) == await seen(member, owner="me") == [theirs]
