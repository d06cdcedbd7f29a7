"""Connectivity validation: the platform is reached by HTTP and by WebSocket, and an agent answers end to end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from suites.client import Client
from suites.expect import gapless, types


async def _http(client: Client) -> None:
    assert (await client.get("/health", anonymous=True)).json() == {"status": "ok"}
    ready = await client.get("/ready", anonymous=True)
    assert (ready.status_code, ready.json()["status"]) == (200, "ready"), ready.text
    version = (await client.get("/version", anonymous=True)).json()
    assert (version["service"], version["api"]) == ("staging", "1")
    me = await client.get("/users/me")
    assert (me.status_code, me.json()["id"]) == (200, client.user["id"]), me.text


async def _websocket(client: Client) -> None:
    async with client.connect() as socket:
        assert socket.welcome["user"] == client.user["id"]
        assert (await socket.ping())["type"] == "pong"


async def _agent_request(client: Client) -> None:
    async with client.connect() as socket:
        thread = await client.create_thread("connectivity")
        run = await socket.start_run(thread["id"], "echo", "is anybody there?")
        events = await socket.events_of(run["id"])
    gapless(events)
    assert types(events) == ["agent_started", "agent_thinking", "partial_result", "agent_completed"]
    assert events[-1]["data"]["text"] == "is anybody there?"
    assert (await client.run(run["id"]))["result"] == events[-1]["data"]
    await client.delete(f"/threads/{thread['id']}")


async def test_001_http_connectivity(client: Client) -> None:
    await _http(client)


async def test_002_websocket_connectivity(client: Client) -> None:
    await _websocket(client)


async def test_003_agent_request_pipeline(client: Client) -> None:
    await _agent_request(client)


async def test_004_generate_connectivity_report(client: Client) -> None:
    checks = {"http": _http, "websocket": _websocket, "agent pipeline": _agent_request}

    report = {name: await _outcome(check, client) for name, check in checks.items()}

    failed = {name: outcome for name, outcome in report.items() if outcome != "ok"}
    assert not failed, "; ".join(f"{name}: {outcome}" for name, outcome in failed.items())
    assert list(report) == ["http", "websocket", "agent pipeline"]


async def _outcome(check: Callable[[Client], Awaitable[None]], client: Client) -> str:
    try:
        await check(client)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "ok"
