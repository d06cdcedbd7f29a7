"""Startup resilience: services come back after any end, an environment starts clean and says when it is ready."""

from __future__ import annotations

import pytest

from suites.client import Client, Environment
from suites.expect import problem

_READY = {"auth": "ok", "database": "ok", "gateway": "ok"}


@pytest.mark.own_environment
@pytest.mark.parametrize(
    ("service", "kill"),
    [
        pytest.param("auth-1", True, id="auth-killed"),
        pytest.param("backend-1", False, id="backend-restarted"),
        pytest.param("gateway-1", True, id="gateway-killed"),
    ],
)
async def test_a_service_comes_back_where_it_was_and_sessions_go_on(
    own: Environment, own_client: Client, service: str, kill: bool
) -> None:
    thread = await own_client.create_thread("before")
    before = (await own.admin.status())["services"]

    restarted = await own.admin.restart(service, kill=kill)

    after = (await own.admin.status())["services"]
    assert restarted == {"service": service, "old": before[service], "new": after[service]}
    assert {name for name in before if before[name] != after[name]} == {service}
    assert (await own_client.get("/ready")).json() == {"status": "ready", "checks": _READY}
    found = await own_client.get(f"/threads/{thread['id']}")
    assert (found.status_code, found.json()) == (200, thread)
    seen = set()
    for _ in range(2):
        async with own_client.connect() as socket:
            seen.add(socket.welcome["instance"])
    assert seen == {"gateway-1", "gateway-2"}


@pytest.mark.own_environment
async def test_a_restarted_backend_says_since_when_it_runs_and_keeps_its_revision(
    own: Environment, own_client: Client
) -> None:
    first = (await own_client.get("/version")).json()
    await own.admin.deploy("r-before-the-restart")
    before = (await own_client.get("/version")).json()
    assert before == {**first, "revision": "r-before-the-restart"}

    await own.admin.restart("backend-1")

    after = (await own_client.get("/version")).json()
    assert after["started_at"] > before["started_at"]
    assert after == {**before, "started_at": after["started_at"]}


@pytest.mark.own_environment
async def test_an_environment_starts_with_nothing_of_another(
    own: Environment, own_client: Client, client: Client, thread: dict[str, object]
) -> None:
    assert (await client.get(f"/threads/{thread['id']}")).status_code == 200
    assert (await own_client.get("/users/me")).json()["name"] == own.target.user

    problem(await own_client.get(f"/threads/{thread['id']}"), 404, "not-found")
    problem(await own_client.get("/threads", token=client.access_token), 401, "invalid-token")
    keys, others = [
        {key["kid"] for key in (await at.get("/.well-known/jwks.json")).json()["keys"]} for at in (client, own_client)
    ]
    assert (len(keys), len(others), keys & others) == (2, 2, set())


@pytest.mark.own_environment
async def test_an_environment_is_not_ready_until_what_it_needs_is_there(own: Environment, own_client: Client) -> None:
    await own.admin.set_fault("J5-dependency-down")
    try:
        health = await own_client.get("/health", anonymous=True)
        assert (health.status_code, health.json()) == (200, {"status": "ok"})
        ready = await own_client.get("/ready", anonymous=True)
        assert ready.status_code == 503
        assert {name for name, state in ready.json()["checks"].items() if state != "ok"} == {"database"}
    finally:
        await own.admin.clear_fault("J5-dependency-down")

    ready = await own_client.get("/ready", anonymous=True)
    assert (ready.status_code, ready.json()) == (200, {"status": "ready", "checks": _READY})
