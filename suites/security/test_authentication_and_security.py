"""Authentication and security: two identities of two tenants, and nothing of the one is open to the other.

Every test here is about both ``STAGING_USER`` and ``STAGING_SECOND_USER`` (or users that these have
made): the one's tokens at the other's things, ids that were guessed, sockets and subscriptions,
sessions, rotation and revocation, lockout and limits, idempotency keys, lists, and users.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest

from suites.client import Client, Socket
from suites.conftest import NewUser
from suites.expect import gapless, problem
from suites.security.tokens import OPEN, REFUSED, claims, doors, forged, handshake

pytestmark = pytest.mark.usefixtures("second")

Json = dict[str, Any]


@pytest.fixture
async def mine(member: Client) -> Client:
    """A new member of the first tenant."""
    return member


@pytest.fixture
async def theirs(second: Client) -> AsyncIterator[Client]:
    """A new member of the second tenant."""
    them = await Client.login(second.target, second.http, *await second.new_user())
    yield them
    await second.delete(f"/users/{them.user['id']}")


# Whose token it is ---------------------------------------------------------------------------------------------------


async def test_each_token_names_its_own_user_and_tenant(client: Client, second: Client) -> None:
    for user, name in ((client, client.target.user), (second, second.target.second_user)):
        me = await user.call("GET", "/users/me")
        said = claims(user.access_token)
        assert (me["name"], me["id"], me["tenant"]) == (name, said["sub"], said["tenant"])
    assert client.user["id"] != second.user["id"]
    assert client.user["tenant"] != second.user["tenant"]


async def test_each_token_opens_its_own_tenant(client: Client, second: Client) -> None:
    ours, other = await client.call("GET", "/tenant"), await second.call("GET", "/tenant")

    assert ours["id"] == claims(client.access_token)["tenant"]
    assert other["id"] == claims(second.access_token)["tenant"]
    assert (ours["name"], other["name"]) == ("acme", "globex")


async def test_the_claims_of_one_with_the_signature_of_the_other_open_nothing(client: Client, second: Client) -> None:
    assert (await doors(client), await doors(second)) == (OPEN, OPEN)

    spliced = f"{second.access_token.rpartition('.')[0]}.{client.access_token.rpartition('.')[2]}"

    assert await doors(client, spliced) == REFUSED


async def test_a_token_rewritten_to_the_others_tenant_opens_nothing(client: Client, second: Client) -> None:
    assert await doors(client, forged(client.access_token)) == OPEN

    moved = forged(client.access_token, claims={"tenant": second.user["tenant"]})

    assert await doors(client, moved) == REFUSED


async def test_the_password_of_one_does_not_log_in_the_other(client: Client, second: Client) -> None:
    (my_name, my_password), (their_name, their_password) = await client.new_user(), await second.new_user()

    assert await _login(client, my_name, my_password) == 200
    assert await _login(client, their_name, their_password) == 200
    assert await _login(client, my_name, their_password) == 401
    assert await _login(client, their_name, my_password) == 401


# Ids that were guessed -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/threads/{thread}",
        "/threads/{thread}/messages/{message}",
        "/threads/{thread}/events",
        "/runs/{run}",
        "/runs/{run}/result",
    ],
)
async def test_what_is_one_tenants_cannot_be_read_by_the_other(
    path: str, client: Client, second: Client, thread: Json
) -> None:
    message = await client.send_message(thread["id"], "for our eyes only")
    run = await client.complete(thread["id"], "echo", "for our eyes only")
    path = path.format(thread=thread["id"], message=message["id"], run=run["id"])

    assert (await client.get(path)).status_code == 200
    problem(await second.get(path), 404, "not-found")


@pytest.mark.parametrize(
    ("method", "path", "body", "done"),
    [
        pytest.param("PATCH", "", {"title": "taken over"}, 200, id="change"),
        pytest.param("DELETE", "", None, 204, id="delete"),
        pytest.param("POST", "/messages", {"content": "let me in"}, 201, id="write"),
        pytest.param("POST", "/runs", {"agent": "echo", "input": "let me in"}, 202, id="run"),
    ],
)
async def test_what_is_one_tenants_cannot_be_touched_by_the_other(
    method: str, path: str, body: Json | None, done: int, client: Client, second: Client, thread: Json
) -> None:
    path, headers = f"/threads/{thread['id']}{path}", {"if-match": f'"v{thread["version"]}"'}

    problem(await second.request(method, path, json=body, headers=headers), 404, "not-found")
    assert await client.thread(thread["id"]) == thread
    assert (await client.request(method, path, json=body, headers=headers)).status_code == done


async def test_a_run_of_one_tenant_cannot_be_cancelled_by_the_other(
    client: Client, second: Client, thread: Json
) -> None:
    run = await client.start_run(thread["id"], "slow", "2000")

    problem(await second.post(f"/runs/{run['id']}/cancel"), 404, "not-found")
    assert (await client.run(run["id"]))["status"] in ("queued", "running")
    await client.cancel_run(run["id"])
    assert (await client.finished(run["id"]))["status"] == "cancelled"


# Sockets and subscriptions -------------------------------------------------------------------------------------------


async def test_a_handshake_for_the_others_thread_is_refused(client: Client, second: Client, thread: Json) -> None:
    assert await handshake(client, thread=thread["id"]) == 101
    assert await handshake(second, thread=thread["id"]) == 403


async def test_a_subscription_to_the_others_thread_is_an_error_and_leaves_the_socket_open(
    client: Client, second: Client, thread: Json
) -> None:
    async with client.connect() as ours, second.connect() as other:
        assert (await ours.subscribe(thread["id"]))["type"] == "subscribed"

        answer = await other.subscribe(thread["id"])

        assert (answer["type"], answer.get("code")) == ("error", "not-found")
        assert (await other.ping())["type"] == "pong"


async def test_a_message_into_the_others_thread_is_an_error_over_the_socket_and_is_not_kept(
    client: Client, second: Client, thread: Json
) -> None:
    async with client.connect() as ours, second.connect() as other:
        answer = await other.ask("message", thread=thread["id"], content="let me in")
        assert (answer["type"], answer.get("code")) == ("error", "not-found")
        assert (await ours.ask("message", thread=thread["id"], content="ours"))["type"] == "accepted"

    assert [message["content"] for message in await client.messages(thread["id"])] == ["ours"]


async def test_a_run_in_the_others_thread_can_be_neither_started_nor_cancelled_over_the_socket(
    client: Client, second: Client, thread: Json
) -> None:
    async with client.connect() as ours, second.connect() as other:
        started = await other.ask("start_run", thread=thread["id"], agent="echo", input="let me in")
        run = await ours.start_run(thread["id"], "slow", "2000")
        cancelled = await other.ask("cancel_run", run=run["id"])

        assert [(a["type"], a.get("code")) for a in (started, cancelled)] == [("error", "not-found")] * 2
        assert (await client.run(run["id"]))["status"] in ("queued", "running")
        assert (await ours.ask("cancel_run", run=run["id"]))["type"] == "accepted"


async def test_each_socket_is_sent_the_events_of_its_own_tenant_only(client: Client, second: Client) -> None:
    ours, other = await client.create_thread(), await second.create_thread()
    async with client.connect() as a, second.connect() as b:
        await a.subscribe(ours["id"])
        await b.subscribe(other["id"])
        for speaker, thread, words, listener in ((a, ours, "for us", b), (b, other, "not " * 20 + "for you", a)):
            run = await speaker.start_run(thread["id"], "writer", words)
            gapless(await speaker.events_of(run["id"]))
            assert [frame for frame in await _left(listener) if frame["type"] == "event"] == []


# Sessions, rotation, revocation --------------------------------------------------------------------------------------


async def test_each_sees_the_sessions_of_its_own(mine: Client, theirs: Client) -> None:
    for user in (mine, theirs):
        sessions = (await user.call("GET", "/auth/sessions"))["items"]
        assert [(s["id"], s["current"]) for s in sessions] == [(claims(user.access_token)["sid"], True)]


async def test_a_session_of_one_cannot_be_ended_by_the_other(mine: Client, theirs: Client) -> None:
    session = f"/auth/sessions/{claims(theirs.access_token)['sid']}"

    problem(await mine.delete(session), 404, "not-found")
    assert await doors(theirs) == OPEN
    assert (await theirs.delete(session)).status_code == 204
    assert await doors(theirs) == REFUSED


async def test_a_logout_of_one_leaves_the_other_logged_in(mine: Client, theirs: Client) -> None:
    await mine.logout()

    assert (await doors(mine), await doors(theirs)) == (REFUSED, OPEN)


async def test_a_logout_of_one_closes_its_socket_and_not_the_others(mine: Client, theirs: Client) -> None:
    async with mine.connect() as ours, theirs.connect() as other:
        await mine.logout()

        assert (await ours.closed()).code == 4401
        assert (await other.ping())["type"] == "pong"


async def test_a_refresh_token_used_twice_by_one_ends_no_session_of_the_other(mine: Client, theirs: Client) -> None:
    void = mine.refresh_token
    await mine.refresh()

    problem(await mine.post("/auth/refresh", {"refresh_token": void}, anonymous=True), 401, "invalid-grant")
    await theirs.refresh()

    assert (await doors(mine), await doors(theirs)) == (REFUSED, OPEN)


async def test_a_refresh_token_gives_tokens_of_its_own_user_whoever_sends_it(mine: Client, theirs: Client) -> None:
    granted = await theirs.call("POST", "/auth/refresh", {"refresh_token": mine.refresh_token})

    assert claims(granted["access_token"])["sub"] == granted["user"]["id"] == mine.user["id"]
    assert claims(granted["access_token"])["tenant"] == mine.user["tenant"] != theirs.user["tenant"]


async def test_a_revocation_ends_the_token_that_it_names_and_not_the_one_that_it_is_sent_with(
    mine: Client, theirs: Client
) -> None:
    assert (await theirs.post("/auth/revoke", {"token": mine.access_token})).status_code == 200

    assert (await doors(mine), await doors(theirs)) == (REFUSED, OPEN)


# Lockout, limits, keys -----------------------------------------------------------------------------------------------


async def test_ten_wrong_passwords_lock_out_that_user_and_no_other(client: Client, second: Client) -> None:
    (my_name, my_password), (their_name, their_password) = await client.new_user(), await second.new_user()

    assert [await _login(client, my_name, "not the password") for _ in range(10)] == [401] * 10

    locked = await client.post("/auth/login", {"user": my_name, "password": my_password}, anonymous=True)
    problem(locked, 429, "too-many-attempts")
    assert 1 <= int(locked.headers["retry-after"]) <= 60
    assert await _login(second, their_name, their_password) == 200


async def test_a_rate_limit_that_one_has_used_up_is_whole_for_the_other(new_user: NewUser, theirs: Client) -> None:
    poor = await new_user(requests_per_minute=2)
    assert [(await poor.get("/quotas")).status_code for _ in range(2)] == [200, 200]
    problem(await poor.get("/quotas"), 429, "rate-limited")

    answer = await theirs.get("/quotas")

    assert answer.status_code == 200
    assert (answer.headers["ratelimit-limit"], answer.headers["ratelimit-remaining"]) == ("6000", "5999")


async def test_one_idempotency_key_of_two_users_makes_two_threads(mine: Client, theirs: Client) -> None:
    headers = {"idempotency-key": uuid4().hex}
    first = [await user.post("/threads", {"title": "once each"}, headers=headers) for user in (mine, theirs)]
    again = [await user.post("/threads", {"title": "once each"}, headers=headers) for user in (mine, theirs)]

    assert [(r.status_code, r.headers.get("idempotency-replayed")) for r in first] == [(201, None)] * 2
    assert [r.json()["owner"] for r in first] == [mine.user["id"], theirs.user["id"]]
    assert [(r.json()["id"], r.headers.get("idempotency-replayed")) for r in again] == [
        (r.json()["id"], "true") for r in first
    ]


# Lists and users -----------------------------------------------------------------------------------------------------


async def test_each_lists_the_threads_of_its_own_tenant_only(client: Client, second: Client) -> None:
    title = uuid4().hex
    ours, other = await client.create_thread(title), await second.create_thread(title)

    assert [thread["id"] for thread in await client.everything("/threads", title=title)] == [ours["id"]]
    assert [thread["id"] for thread in await second.everything("/threads", title=title)] == [other["id"]]


async def test_an_admin_neither_sees_nor_changes_nor_deletes_the_users_of_another_tenant(
    client: Client, second: Client, mine: Client
) -> None:
    user = f"/users/{mine.user['id']}"

    assert (await client.call("GET", user))["name"] == mine.user["name"]
    problem(await second.get(user), 404, "not-found")
    problem(await second.patch(user, {"disabled": True}), 404, "not-found")
    problem(await second.delete(user), 404, "not-found")
    assert mine.user["id"] not in {other["id"] for other in await second.everything("/users")}
    assert await doors(mine) == OPEN


async def test_a_name_that_one_tenant_has_given_is_taken_for_the_other(second: Client, mine: Client) -> None:
    user = {"name": mine.user["name"], "password": "a password of theirs"}

    problem(await second.post("/users", user), 409, "name-taken")
    made = await second.post("/users", user | {"name": f"free-{uuid4().hex[:12]}"})
    assert (made.status_code, made.json()["tenant"]) == (201, second.user["tenant"])


async def _login(client: Client, name: str, password: str) -> int:
    return (await client.post("/auth/login", {"user": name, "password": password}, anonymous=True)).status_code


async def _left(socket: Socket) -> list[Json]:
    """What has come in over a socket and was not read yet."""
    await socket.send({"type": "ping", "id": "the end"})
    left: list[Json] = []
    while (frame := await socket.receive()).get("id") != "the end":
        left.append(frame)
    return left
