"""Authorization and tenant isolation: role × resource × verb, at both doors.

Who is refused is shown beside who is not: what another member or another tenant may not touch is
not there (404), what a role may not do is forbidden (403), and the owner or an admin does the very same.
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx
import pytest

from suites.client import Client, Environment
from suites.conftest import NewUser
from suites.expect import problem

Json = dict[str, Any]

CHANGES = {
    "change": ("PATCH", "", {"title": "another title"}, 200),
    "delete": ("DELETE", "", None, 204),
    "write": ("POST", "/messages", {"content": "from somebody else"}, 201),
    "run": ("POST", "/runs", {"agent": "echo", "input": "from somebody else"}, 202),
}


@pytest.fixture
async def owner(new_user: NewUser) -> Client:
    """The member whose things the tests are about."""
    return await new_user("member")


@pytest.fixture
async def owned(owner: Client) -> Json:
    """A thread of the owner's."""
    return await owner.create_thread("the owner's")


async def somebody(role: str, admin: Client, new_user: NewUser) -> Client:
    """Somebody else in the tenant."""
    return admin if role == "admin" else await new_user(role)


# Another's thread ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("resource", ["thread", "run"])
@pytest.mark.parametrize(("role", "status"), [("admin", 200), ("viewer", 200), ("member", 404)])
async def test_anothers_thing_is_read_by_admins_and_viewers_and_is_not_there_for_members(
    resource: str, role: str, status: int, client: Client, new_user: NewUser, owner: Client, owned: Json
) -> None:
    run = await owner.complete(owned["id"], "echo", "the owner's")
    path = {"thread": f"/threads/{owned['id']}", "run": f"/runs/{run['id']}"}[resource]
    reader = await somebody(role, client, new_user)

    mine, theirs = await owner.get(path), await reader.get(path)

    assert (mine.status_code, theirs.status_code) == (200, status)
    if status == 200:
        assert theirs.json() == mine.json()
    else:
        problem(theirs, 404, "not-found")


@pytest.mark.parametrize(
    ("role", "answer"), [("admin", "subscribed"), ("viewer", "subscribed"), ("member", "not-found")]
)
async def test_anothers_thread_is_heard_over_the_socket_by_admins_and_viewers_and_is_not_there_for_members(
    role: str, answer: str, client: Client, new_user: NewUser, owner: Client, owned: Json
) -> None:
    listener = await somebody(role, client, new_user)

    async with listener.connect() as theirs, owner.connect() as mine:
        assert (await mine.subscribe(owned["id"]))["type"] == "subscribed"
        assert _said(await theirs.subscribe(owned["id"])) == answer


@pytest.mark.parametrize("change", CHANGES)
async def test_an_admin_does_to_anothers_thread_what_its_owner_may(change: str, client: Client, owned: Json) -> None:
    *_, done = CHANGES[change]

    assert (await _do(change, client, owned)).status_code == done


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize(("role", "status", "slug"), [("member", 404, "not-found"), ("viewer", 403, "forbidden")])
async def test_nobody_but_its_owner_and_an_admin_does_anything_to_a_thread(
    change: str, role: str, status: int, slug: str, new_user: NewUser, owner: Client, owned: Json
) -> None:
    *_, done = CHANGES[change]

    problem(await _do(change, await new_user(role), owned), status, slug)

    assert await owner.thread(owned["id"]) == owned
    assert (await _do(change, owner, owned)).status_code == done


@pytest.mark.parametrize(
    ("role", "answer", "kept"),
    [("admin", "accepted", ["mine too"]), ("member", "not-found", []), ("viewer", "forbidden", [])],
)
async def test_writing_and_running_in_anothers_thread_is_for_admins_over_the_socket_too(
    role: str, answer: str, kept: list[str], client: Client, new_user: NewUser, owner: Client, owned: Json
) -> None:
    async with (await somebody(role, client, new_user)).connect() as socket:
        written = await socket.ask("message", thread=owned["id"], content="mine too")
        started = await socket.ask("start_run", thread=owned["id"], agent="echo", input="mine too")

    assert (_said(written), _said(started)) == (answer, answer)
    assert [m["content"] for m in await owner.messages(owned["id"]) if m["role"] == "user"] == kept


# Roles ---------------------------------------------------------------------------------------------------------------


async def test_a_list_of_threads_is_the_tenants_for_admins_and_viewers_and_a_members_own(
    client: Client, member: Client, viewer: Client, owner: Client
) -> None:
    title = uuid4().hex
    threads = [(await user.create_thread(title))["id"] for user in (client, member, owner)]

    async def listed(user: Client, **only: str) -> list[str]:
        return [thread["id"] for thread in await user.everything("/threads", title=title, **only)]

    assert (await listed(client), await listed(viewer)) == (threads, threads)
    assert (await listed(member), await listed(owner)) == (threads[1:2], threads[2:])
    assert (await listed(client, owner="me"), await listed(viewer, owner="me")) == (threads[:1], [])


async def test_a_viewer_makes_no_thread(member: Client, viewer: Client) -> None:
    title = uuid4().hex

    assert (await member.post("/threads", {"title": title})).status_code == 201
    problem(await viewer.post("/threads", {"title": title}), 403, "forbidden")
    assert len(await viewer.everything("/threads", title=title)) == 1


async def test_a_changed_role_counts_at_once_whatever_the_token_says(client: Client, member: Client) -> None:
    own, user = await member.create_thread(), f"/users/{member.user['id']}"

    async with member.connect() as socket:
        await client.call("PATCH", user, {"role": "viewer"})
        problem(await member.post(f"/threads/{own['id']}/messages", {"content": "still?"}), 403, "forbidden")
        assert _said(await socket.ask("message", thread=own["id"], content="still?")) == "forbidden"
        assert (await member.call("GET", "/users/me"))["scopes"] == ["threads:read"]

        await client.call("PATCH", user, {"role": "member"})
        assert (await member.post(f"/threads/{own['id']}/messages", {"content": "again"})).status_code == 201
        assert _said(await socket.ask("message", thread=own["id"], content="again")) == "accepted"


@pytest.mark.parametrize("verb", ["create", "change", "delete"])
async def test_an_agent_is_read_by_everybody_and_is_an_admins_to(
    verb: str, client: Client, member: Client, viewer: Client
) -> None:
    body = {"name": f"agent-{uuid4().hex[:12]}", "instructions": "Write."}
    agent = await client.call("POST", "/agents", body)
    path = f"/agents/{agent['id']}"
    method, at, sent, done = {
        "create": ("POST", "/agents", body | {"name": f"agent-{uuid4().hex[:12]}"}, 201),
        "change": ("PATCH", path, {"instructions": "Write well."}, 200),
        "delete": ("DELETE", path, None, 204),
    }[verb]

    for user in (member, viewer):
        problem(await user.request(method, at, json=sent), 403, "forbidden")
        assert await user.call("GET", path) == agent
    assert (await client.request(method, at, json=sent)).status_code == done


async def test_a_tool_is_read_by_everybody_and_invoked_by_all_but_viewers(
    client: Client, member: Client, viewer: Client
) -> None:
    body = {"arguments": {"text": "abc"}}

    tools = [await user.call("GET", "/tools/reverse") for user in (client, member, viewer)]
    assert [tool["id"] for tool in tools] == ["reverse"] * 3
    for user in (client, member):
        invoked = await user.post("/tools/reverse/invoke", body)
        assert (invoked.status_code, invoked.json()) == (200, {"result": {"text": "cba"}})
    problem(await viewer.post("/tools/reverse/invoke", body), 403, "forbidden")


async def test_users_are_an_admins_to_list_read_make_change_and_delete(
    client: Client, member: Client, viewer: Client, new_user: NewUser
) -> None:
    other = (await new_user("member")).user["id"]
    name = f"user-{uuid4().hex[:12]}"
    asked: list[tuple[str, str, Json | None, int]] = [
        ("GET", "/users", None, 200),
        ("GET", f"/users/{other}", None, 200),
        ("POST", "/users", {"name": name, "password": "long enough for one"}, 201),
        ("PATCH", f"/users/{other}", {"role": "viewer"}, 200),
        ("DELETE", f"/users/{other}", None, 204),
    ]

    for method, path, body, done in asked:
        for user in (member, viewer):
            problem(await user.request(method, path, json=body), 403, "forbidden")
        assert (await client.request(method, path, json=body)).status_code == done


async def test_an_admin_is_not_rid_of_by_themself_but_by_another_admin(client: Client, new_user: NewUser) -> None:
    admin = await new_user("admin")
    user = f"/users/{admin.user['id']}"

    for body in ({"disabled": True}, {"role": "member"}):
        problem(await admin.patch(user, body), 409, "last-resort")
    problem(await admin.delete(user), 409, "last-resort")

    assert (await admin.call("GET", user))["role"] == "admin"
    assert (await client.call("PATCH", user, {"role": "member"}))["role"] == "member"


# A tenant's own things, which all of a tenant share: in an environment of this module's own --------------------------


@pytest.fixture
async def neighbour(own: Environment, http: httpx.AsyncClient) -> Client:
    """The admin of the other tenant of ``own``."""
    return await Client.login(own.target, http, own.target.second_user, own.target.second_password)


@pytest.mark.own_environment
async def test_a_tenants_settings_are_changed_by_its_admins_only(own_client: Client, neighbour: Client) -> None:
    settings = {"made-by": uuid4().hex}
    before = await own_client.call("GET", "/tenant")

    for role in ("member", "viewer"):
        user = await _in(own_client, role)
        problem(await user.patch("/tenant", {"settings": settings}), 403, "forbidden")
        assert await user.call("GET", "/tenant") == before
    assert (await own_client.call("PATCH", "/tenant", {"settings": settings}))["settings"] == settings
    assert (await neighbour.call("GET", "/tenant"))["settings"] != settings


@pytest.mark.own_environment
async def test_a_tool_is_switched_by_admins_only_and_for_their_tenant_only(
    own_client: Client, neighbour: Client
) -> None:
    invoke = ("/tools/word_count/invoke", {"arguments": {"text": "two words"}})

    for role in ("member", "viewer"):
        problem(await (await _in(own_client, role)).patch("/tools/word_count", {"enabled": False}), 403, "forbidden")
    assert (await own_client.post(*invoke)).status_code == 200
    assert (await own_client.call("PATCH", "/tools/word_count", {"enabled": False}))["enabled"] is False
    problem(await own_client.post(*invoke), 409, "tool-disabled")
    assert (await neighbour.post(*invoke)).status_code == 200


@pytest.mark.own_environment
async def test_a_tenants_agents_are_not_there_for_another_tenant(own_client: Client, neighbour: Client) -> None:
    agent = (await own_client.call("POST", "/agents", {"name": "ours", "instructions": "Write."}))["id"]
    thread, theirs = await own_client.create_thread(), await neighbour.create_thread()

    problem(await neighbour.get(f"/agents/{agent}"), 404, "not-found")
    problem(await neighbour.post(f"/threads/{theirs['id']}/runs", {"agent": agent, "input": "x"}), 422, "invalid")
    assert agent not in {other["id"] for other in await neighbour.everything("/agents")}
    assert agent in {other["id"] for other in await own_client.everything("/agents")}
    assert (await own_client.complete(thread["id"], agent, "x"))["status"] == "completed"


async def _in(admin: Client, role: str) -> Client:
    return await Client.login(admin.target, admin.http, *await admin.new_user(role))


async def _do(change: str, user: Client, thread: Json) -> httpx.Response:
    method, path, body, _ = CHANGES[change]
    headers = {"if-match": f'"v{thread["version"]}"'}
    return await user.request(method, f"/threads/{thread['id']}{path}", json=body, headers=headers)


def _said(answer: Json) -> str:
    """What a socket was answered: the code of an error, else the type."""
    return str(answer["code"] if answer["type"] == "error" else answer["type"])
