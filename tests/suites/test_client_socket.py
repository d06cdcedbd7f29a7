"""The suites' WebSocket client against a real server: what it says on the upgrade, and in which order it hands on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import InvalidHeaderValue, InvalidStatus

from suites.client import Closed, Socket
from suites.client.credentials import Upgrade, upgrade
from suites.client.socket import open_socket

WELCOME = {"type": "welcome", "user": "usr_1"}
Script = Callable[[ServerConnection], Awaitable[None]]


@asynccontextmanager
async def gateway(script: Script, **options: Any) -> AsyncIterator[str]:
    """A server that greets everybody, then does what the script says; gives its URL."""

    async def handle(connection: ServerConnection) -> None:
        await say(connection, WELCOME)
        await script(connection)

    async with serve(handle, "127.0.0.1", 0, **options) as server:
        yield f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/ws"


@asynccontextmanager
async def connected(script: Script, *, patience: float = 10.0) -> AsyncIterator[Socket]:
    async with gateway(script) as url, opened(url, patience=patience) as socket:
        yield socket


def opened(url: str, upgrade: Upgrade | None = None, **changed: Any) -> Any:
    options = {"headers": {}, "subprotocols": (), "origin": None, "patience": 10.0, "welcome": True, **changed}
    return open_socket(url, upgrade or Upgrade(), **options)


def spoilt(fault: str) -> Upgrade:
    return upgrade("access", "refresh", "header", frozenset({fault}))


async def say(connection: ServerConnection, *frames: Any) -> None:
    for frame in frames:
        await connection.send(json.dumps(frame))


def event(sequence: int, run: str = "run_1", type: str = "partial_result") -> dict[str, Any]:
    return {"type": "event", "event": {"type": type, "sequence": sequence, "run_id": run}}


async def idle(connection: ServerConnection) -> None:
    await connection.wait_closed()


async def test_an_answer_overtakes_the_events_before_it_and_nothing_else_does():
    async def script(connection: ServerConnection) -> None:
        question = json.loads(await connection.recv())
        answer = {"type": "pong", "id": question["id"]}
        await say(connection, event(1), {"type": "pong", "id": "another's"}, event(2), answer, event(3))
        await idle(connection)

    async with connected(script) as socket:
        assert socket.welcome == WELCOME
        assert (await socket.ping())["id"] == "q1"
        assert await socket.receive() == event(1)
        assert await socket.receive() == {"type": "pong", "id": "another's"}
        assert [await socket.next_event(), await socket.next_event()] == [event(2)["event"], event(3)["event"]]


async def test_a_question_carries_its_fields_and_an_id_of_its_own():
    async def script(connection: ServerConnection) -> None:
        async for question in connection:
            asked = json.loads(question)
            await say(connection, {"type": "accepted", "id": asked.pop("id"), "run": asked})

    async with connected(script) as socket:
        assert (await socket.subscribe("thr_1"))["run"] == {"type": "subscribe", "thread": "thr_1"}
        assert (await socket.subscribe("thr_1", after=0))["run"] == {"type": "subscribe", "thread": "thr_1", "after": 0}
        assert await socket.start_run("thr_1", "echo", "hello") == {
            "type": "start_run",
            "thread": "thr_1",
            "agent": "echo",
            "input": "hello",
        }
        assert (await socket.ping())["id"] == "q4"


async def test_until_takes_the_first_that_is_wanted_and_leaves_the_others_in_order():
    async def script(connection: ServerConnection) -> None:
        await say(connection, *(event(number) for number in range(1, 6)))
        await idle(connection)

    async with connected(script) as socket:
        assert await socket.until(lambda frame: frame["event"]["sequence"] == 3) == event(3)
        assert await socket.until(lambda frame: frame["event"]["sequence"] == 2) == event(2)
        assert [await socket.receive() for _ in range(3)] == [event(1), event(4), event(5)]


async def test_the_events_of_a_run_end_with_its_last_and_leave_those_of_others():
    async def script(connection: ServerConnection) -> None:
        last = event(4, type="agent_failed")
        await say(connection, event(1), event(2, "run_2"), event(3), last, event(5, "run_2", "agent_completed"))
        await idle(connection)

    async with connected(script) as socket:
        assert [of["sequence"] for of in await socket.events_of("run_1")] == [1, 3, 4]
        assert [of["sequence"] for of in await socket.events_of("run_2")] == [2, 5]


async def test_a_close_by_the_other_side_is_told_and_loses_no_frame_before_it():
    async def script(connection: ServerConnection) -> None:
        await say(connection, event(1), event(2))
        await connection.close(4401, "session ended")

    async with connected(script) as socket:
        assert await socket.closed() == Closed(4401, "session ended")
        assert [await socket.receive(), await socket.receive()] == [event(1), event(2)]


async def test_a_connection_that_ends_without_a_word_is_1006():
    async def script(connection: ServerConnection) -> None:
        connection.transport.abort()

    async with connected(script) as socket:
        assert await socket.closed() == Closed(1006, "")


async def test_waiting_ends_with_the_targets_patience():
    async with connected(idle, patience=0.05) as socket:
        with pytest.raises(TimeoutError):
            await socket.receive()


async def test_a_first_frame_that_is_no_welcome_is_said():
    async with serve(lambda connection: say(connection, event(1)), "127.0.0.1", 0) as server:
        url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
        with pytest.raises(AssertionError, match="the first frame was no welcome"):
            async with opened(url):
                pass


async def test_a_run_that_is_not_accepted_is_said():
    async def script(connection: ServerConnection) -> None:
        question = json.loads(await connection.recv())
        await say(connection, {"type": "error", "id": question["id"], "code": "not-found"})
        await idle(connection)

    async with connected(script) as socket:
        with pytest.raises(AssertionError, match=r"not accepted.*not-found"):
            await socket.start_run("thr_1", "echo", "hello")


async def test_a_handshake_says_what_the_upgrade_and_the_test_ask_for():
    seen: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    async def script(connection: ServerConnection) -> None:
        seen.set_result(connection.request.headers)
        await idle(connection)

    async with gateway(script, subprotocols=["agents.v1"]) as url:
        said = Upgrade(
            headers=(("Authorization", "Bearer access"),), subprotocols=("agents.v1",), origin="http://default.test"
        )
        async with opened(url, said, headers={"x-extra": "1"}, subprotocols=("more",), origin="http://app.test") as it:
            assert it.raw.subprotocol == "agents.v1"
        headers = await seen
    assert headers["authorization"] == "Bearer access"
    assert headers["x-extra"] == "1"
    assert headers["sec-websocket-protocol"] == "agents.v1, more"
    assert headers["origin"] == "http://app.test"


async def test_a_handshake_key_of_ones_own_is_refused_by_a_server_that_checks_it():
    async with gateway(idle) as url:
        with pytest.raises(InvalidStatus) as refused:
            async with opened(url, spoilt("K3-handshake-key-wrong")):
                pass
    assert refused.value.response.status_code == 400


@pytest.mark.parametrize(
    ("fault", "error"), [("K1-client-api-changed", TypeError), ("E6-newline-in-token", InvalidHeaderValue)]
)
async def test_what_the_library_itself_refuses_never_reaches_the_server(fault, error):
    arrived = []

    async def script(connection: ServerConnection) -> None:
        arrived.append(connection)

    async with gateway(script) as url:
        with pytest.raises(error):
            async with opened(url, spoilt(fault)):
                pass
        async with opened(url):
            pass
    assert len(arrived) == 1
