"""Runs and events over restarts: a run whose service ended says so, and whoever listens misses nothing and hears
nothing twice, whichever process went away.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Any

import pytest

from suites.client import Client, Closed, Environment, Socket
from suites.expect import gapless, problem

pytestmark = pytest.mark.own_environment

INTERRUPTED = ("agent_failed", "interrupted")


async def running(client: Client, socket: Socket, thread: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A run that is under way, and its first events."""
    run = await socket.start_run(thread, "slow", "2000")
    heard = [await socket.next_event() for _ in range(4)]
    assert (await client.run(run["id"]))["status"] == "running"
    return run, heard


@pytest.mark.parametrize("kill", [pytest.param(False, id="term"), pytest.param(True, id="kill")])
async def test_a_run_that_was_active_has_failed_as_interrupted_and_its_thread_is_free(
    own: Environment, own_client: Client, kill: bool
) -> None:
    thread = await own_client.create_thread()
    async with own_client.connect() as socket:
        run, _ = await running(own_client, socket, thread["id"])

    await own.admin.restart("backend-1", kill=kill)

    now = await own_client.run(run["id"])
    assert (now["status"], now["error"]["code"], now["result"]) == ("failed", "interrupted", None)
    events = await own_client.events(run["id"])
    gapless(events)
    assert (events[-1]["type"], events[-1]["data"]["code"]) == INTERRUPTED
    assert events[-1]["sequence"] == now["last_sequence"]
    problem(await own_client.get(f"/runs/{run['id']}/result"), 409, "no-result")
    assert (await own_client.thread(thread["id"]))["active_run"] is None
    assert (await own_client.complete(thread["id"], "echo", "on we go"))["result"]["text"] == "on we go"


async def test_a_listener_hears_over_a_restart_of_the_backend_without_gap(own: Environment, own_client: Client) -> None:
    thread = await own_client.create_thread()
    async with own_client.connect() as socket:
        run, heard = await running(own_client, socket, thread["id"])

        await own.admin.restart("backend-1", kill=True)
        heard += await socket.events_of(run["id"])
        assert (heard[-1]["type"], heard[-1]["data"]["code"]) == INTERRUPTED
        after = await socket.start_run(thread["id"], "echo", "still here")
        heard += await socket.events_of(after["id"])

    gapless(heard)
    assert heard == (await own_client.call("GET", f"/threads/{thread['id']}/events"))["items"]


async def test_a_gateway_that_is_restarted_says_so_and_the_other_one_stays(
    own: Environment, own_client: Client
) -> None:
    async with AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(own_client.connect()) for _ in range(2)]
        first, second = sorted(sockets, key=lambda socket: socket.welcome["instance"])
        assert (first.welcome["instance"], second.welcome["instance"]) == ("gateway-1", "gateway-2")
        assert (await first.ping())["type"] == "pong"

        await own.admin.restart("gateway-1")

        assert await first.closed() == Closed(1012, "service restart")
        assert (await second.ping())["type"] == "pong"


async def test_a_listener_whose_gateway_was_killed_comes_back_to_all_that_it_missed(
    own: Environment, own_client: Client
) -> None:
    thread = await own_client.create_thread()
    async with own_client.connect() as socket:
        run, events = await running(own_client, socket, thread["id"])
        await own.admin.restart(socket.welcome["instance"], kill=True)
        assert (await socket.closed()).code == 1006

    async with own_client.connect(thread=thread["id"], after=events[-1]["sequence"]) as socket:
        events += [await socket.next_event() for _ in range(4)]
        await own_client.cancel_run(run["id"])
        events += await socket.events_of(run["id"])

    assert events == await own_client.events(run["id"])
    assert (events[-1]["type"], events[-1]["data"]["code"]) == ("agent_failed", "cancelled")
