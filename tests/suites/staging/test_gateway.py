"""The gateway: who gets in, what it answers, and how it closes."""

from __future__ import annotations

import json
import threading
from contextlib import ExitStack
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection

from tests.suites.staging.running import Running

APP = "https://app.staging.example"


def refused(environment: Running, url: str = "", **options: Any) -> InvalidStatus:
    from websockets.sync.client import connect

    with pytest.raises(InvalidStatus) as refusal, connect(environment.ws_url + url, open_timeout=10, **options):
        pass
    return refusal.value


def ask(socket: ClientConnection, **message: Any) -> dict[str, Any]:
    """Send a message and take the answer with its id."""
    socket.send(json.dumps({"id": "q", **message}))
    while (said := json.loads(socket.recv(5))).get("id") != "q":
        pass
    answer: dict[str, Any] = said
    return answer


def close_of(socket: ClientConnection) -> tuple[int, str]:
    with pytest.raises(ConnectionClosed) as closed:
        while True:
            socket.recv(5)
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code, closed.value.rcvd.reason


def thread_of(environment: Running) -> str:
    made = environment.http.post("/threads", json={"title": "of a test"}, headers=environment.bearer)
    identity: str = made.json()["id"]
    return identity


@pytest.mark.parametrize(
    "change",
    [
        {"additional_headers": {}},
        {"additional_headers": {"authorization": "Bearer nonsense"}},
        {"origin": "https://evil.example"},
        {"subprotocols": ["agents.v2"]},
        {"url": "/v9"},
        {"url": "?thread=thr_00000000000000000000"},
        {"url": "?after=soon"},
    ],
)
def test_a_refusal_is_a_bare_403_with_the_promised_headers(environment: Running, change: dict[str, Any]) -> None:
    refusal = refused(environment, **{"additional_headers": environment.bearer, **change})

    assert (refusal.response.status_code, bytes(refusal.response.body or b"")) == (403, b"")
    assert refusal.response.headers["x-instance"].startswith("gateway-")
    assert refusal.response.headers["x-frame-options"] == "DENY"
    assert refusal.response.headers["via"] == "1.1 staging-edge"


def test_a_token_can_come_as_a_subprotocol_and_is_never_echoed(environment: Running) -> None:
    offered = ["agents.v1", f"bearer.{environment.token}"]
    with environment.socket(additional_headers={}, subprotocols=offered, origin=APP) as socket:
        assert socket.subprotocol == "agents.v1"
        assert json.loads(socket.recv(5))["limits"] == {"message_bytes": 65536, "messages_per_second": 200}


def test_an_answer_comes_before_the_events_that_it_causes(environment: Running) -> None:
    thread = thread_of(environment)
    with environment.socket() as socket:
        socket.recv(5)
        socket.send(json.dumps({"type": "start_run", "id": "1", "thread": thread, "agent": "echo", "input": "hello"}))
        heard = [json.loads(socket.recv(5)) for _ in range(5)]

    assert heard[0]["type"] == "accepted"
    events = [frame["event"]["sequence"] for frame in heard if frame["type"] == "event"]
    assert events == list(range(1, len(events) + 1))


def test_events_go_on_without_a_gap_when_the_backend_is_killed(environment: Running) -> None:
    thread = thread_of(environment)
    with environment.socket() as socket:
        socket.recv(5)
        assert ask(socket, type="start_run", thread=thread, agent="slow", input="500")["type"] == "accepted"
        environment.admin("POST", "/services/backend-1/restart", {"how": "kill"})
        events = []
        while not events or events[-1]["type"] != "agent_failed":
            if (frame := json.loads(socket.recv(5)))["type"] == "event":
                events.append(frame["event"])

    assert [event["sequence"] for event in events] == list(range(1, len(events) + 1))
    assert events[-1]["data"]["code"] == "interrupted"


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"type": "dance"}, "unknown-type"),
        ({"type": 7}, "invalid"),
        ({"type": "ping", "id": ""}, "invalid"),
        ({"type": "ping", "id": "x" * 65}, "invalid"),
        ({"type": "subscribe"}, "invalid"),
        ({"type": "subscribe", "thread": "thr_00000000000000000000"}, "not-found"),
        ({"type": "subscribe", "thread": "../internal", "after": 0}, "not-found"),
        ({"type": "subscribe", "thread": "thr", "after": True}, "invalid"),
        ({"type": "unsubscribe", "thread": "thr"}, "not-found"),
        ({"type": "cancel_run", "run": "run_00000000000000000000"}, "not-found"),
    ],
)
def test_what_cannot_be_done_is_an_error_and_the_connection_stays(
    environment: Running, message: dict[str, Any], code: str
) -> None:
    with environment.socket() as socket:
        socket.recv(5)
        socket.send(json.dumps({"id": "q", **message}))
        said = json.loads(socket.recv(5))
        assert (said["type"], said["code"]) == ("error", code)
        assert ask(socket, type="ping")["type"] == "pong"


@pytest.mark.parametrize(
    ("message", "close"),
    [
        (b"binary", (1003, "text only")),
        ("no JSON", (1007, "no JSON object")),
        ("[1]", (1007, "no JSON object")),
        ('"' + "a" * 65535 + '"', (1009, "message too long")),
        ("a" * 900_000, (1009, "message too long")),
    ],
)
def test_a_message_that_cannot_be_heard_closes(
    environment: Running, message: str | bytes, close: tuple[int, str]
) -> None:
    with environment.socket() as socket:
        socket.recv(5)
        socket.send(message)
        assert close_of(socket) == close


def test_a_message_of_exactly_the_limit_is_heard(environment: Running) -> None:
    frame = json.dumps({"type": "ping", "id": "q", "pad": ""})
    with environment.socket() as socket:
        socket.recv(5)
        socket.send(json.dumps({"type": "ping", "id": "q", "pad": "a" * (65536 - len(frame))}))
        assert json.loads(socket.recv(5))["type"] == "pong"


def test_more_than_two_hundred_messages_in_a_second_close(environment: Running) -> None:
    with environment.socket() as socket:
        socket.recv(5)
        with pytest.raises(ConnectionClosed):
            for _ in range(400):
                socket.send('{"type": "ping", "id": "1"}')
            while True:
                socket.recv(5)
        assert (socket.close_code, socket.close_reason) == (1008, "message rate")


def test_an_ended_session_closes_its_sockets_also_when_auth_was_away(environment: Running) -> None:
    granted = environment.login()
    with environment.socket(additional_headers={"authorization": f"Bearer {granted['access_token']}"}) as socket:
        socket.recv(5)
        environment.admin("POST", "/services/auth-1/restart", {"how": "kill"})
        assert ask(socket, type="ping")["type"] == "pong"
        assert environment.http.post("/auth/revoke", json={"token": granted["refresh_token"]}).status_code == 200
        assert close_of(socket) == (4401, "session ended")


@pytest.mark.parametrize("gateway", [1, 2])
def test_a_gateway_that_restarts_says_so(environment: Running, gateway: int) -> None:
    with ExitStack() as stack:
        for _ in range(2):
            socket = stack.enter_context(environment.socket())
            if json.loads(socket.recv(5))["instance"] == f"gateway-{gateway}":
                break
        assert environment.admin("POST", f"/services/gateway-{gateway}/restart", {"how": "term"}).status_code == 200
        assert close_of(socket) == (1012, "service restart")


def test_a_limit_of_connections_counts_over_both_gateways_and_at_once(environment: Running) -> None:
    body = {"name": "three.sockets", "password": "correct horse battery", "limits": {"connections": 3}}
    assert environment.http.post("/users", json=body, headers=environment.bearer).status_code == 201
    login = environment.http.post("/auth/login", json={"user": body["name"], "password": body["password"]}).json()
    said: list[str] = []
    opened, enough = threading.Barrier(9), threading.Event()

    def one() -> None:
        with environment.socket(additional_headers={"authorization": f"Bearer {login['access_token']}"}) as socket:
            try:
                said.append(json.loads(socket.recv(5))["type"])
            except ConnectionClosed as closed:
                said.append(f"{closed.rcvd.code} {closed.rcvd.reason}" if closed.rcvd else "1006")
            opened.wait(10)
            enough.wait(10)

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    opened.wait(10)
    enough.set()
    for thread in threads:
        thread.join()

    assert sorted(said) == ["1013 connection limit"] * 5 + ["welcome"] * 3
