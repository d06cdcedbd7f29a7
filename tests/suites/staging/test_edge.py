"""The edge at its edges: what is no HTTP, what is long, slow, half closed or in a row, and what it adds."""

from __future__ import annotations

import http.client
import json
import re
import socket
import time

import pytest

from tests.suites.staging.running import Running, all_of

GET = b"GET /health HTTP/1.1\r\nhost: edge\r\n"
END = b"connection: close\r\n\r\n"


@pytest.mark.parametrize(
    ("request_bytes", "status", "slug"),
    [
        (b"\x16\x03\x01 that is no HTTP\r\n\r\n", 400, "malformed"),
        (b"GET /health\r\n\r\n", 400, "malformed"),
        (b"GET /health HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n", 400, "malformed"),
        (b"GET /health HTTP/1.1\r\n\r\n", 400, "malformed"),
        (GET + b"x-long: " + b"a" * 40_000 + b"\r\n\r\n", 431, "header-too-large"),
        (b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\nhost: edge\r\n\r\n", 431, "header-too-large"),
        (b"POST /x HTTP/1.1\r\nhost: edge\r\ntransfer-encoding: gzip\r\n\r\n", 501, "not-implemented"),
        (b"POST /x HTTP/1.1\r\nhost: edge\r\ncontent-length: ten\r\n\r\n", 400, "malformed"),
        (b"CONNECT x:1 HTTP/1.1\r\nhost: edge\r\n\r\n", 405, "method-not-allowed"),
        (b"OPTIONS * HTTP/1.1\r\nhost: edge\r\n\r\n", 400, "malformed"),
    ],
)
def test_what_is_no_request_gets_a_problem_from_the_edge(
    environment: Running, request_bytes: bytes, status: int, slug: str
) -> None:
    head, _, body = environment.raw(request_bytes).partition(b"\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert b"content-type: application/problem+json" in head.lower()
    assert json.loads(body)["type"].endswith(f"/{slug}")


def test_what_the_edge_answers_itself_has_every_promised_header(environment: Running) -> None:
    answer = environment.http.get("/_staging", headers={"x-request-id": "mine-1"})

    assert answer.status_code == 403
    assert answer.headers["server"] == "staging-edge"
    assert answer.headers["via"] == "1.1 staging-edge"
    assert answer.headers["x-instance"] == "edge-1"
    assert answer.headers["x-request-id"] == answer.json()["request_id"] == "mine-1"
    assert answer.headers["x-frame-options"] == "DENY"
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01", answer.headers["traceparent"])


def test_a_service_answers_through_the_edge_under_its_own_name(environment: Running) -> None:
    for path, instance in (("/health", "backend-1"), ("/auth/sessions", "auth-1"), ("/users/me", "auth-1")):
        answer = environment.http.get(path)
        assert (answer.headers["x-instance"], answer.headers["via"]) == (instance, "1.1 staging-edge")
        assert "server" not in answer.headers


def test_requests_in_a_row_are_answered_in_that_row(environment: Running) -> None:
    said = environment.raw(GET + b"x-request-id: one\r\n\r\n" + GET + b"x-request-id: two\r\n" + END)

    assert re.findall(rb"x-request-id: (\w+)", said) == [b"one", b"two"]
    assert said.count(b"HTTP/1.1 200") == 2


def test_a_connection_is_kept_for_the_next_request(environment: Running) -> None:
    kept = http.client.HTTPConnection(*environment.address, timeout=10)
    kept.connect()
    wire = kept.sock
    for _ in range(3):
        kept.request("GET", "/health")
        assert kept.getresponse().read()
        assert kept.sock is wire
    kept.close()


def test_a_client_that_has_said_all_and_closed_its_half_gets_its_answer(environment: Running) -> None:
    assert environment.raw(GET + b"\r\n", end=True).startswith(b"HTTP/1.1 200")


def test_a_client_that_sends_letter_by_letter_is_served_and_holds_up_nobody(environment: Running) -> None:
    with socket.create_connection(environment.address, 10) as slow:
        for letter in GET[:20]:
            slow.sendall(bytes([letter]))
            assert environment.http.get("/health").status_code == 200
        slow.sendall(GET[20:] + END)
        assert all_of(slow).startswith(b"HTTP/1.1 200")


def test_a_body_in_chunks_arrives_as_one(environment: Running) -> None:
    body = json.dumps({"title": "in chunks"}).encode()
    answer = environment.http.post(
        "/threads",
        content=(bytes([letter]) for letter in body),
        headers={**environment.bearer, "content-type": "application/json"},
    )
    assert answer.status_code == 201
    assert answer.json()["title"] == "in chunks"


def test_chunks_that_are_none_are_a_bad_request(environment: Running) -> None:
    said = environment.raw(b"POST /threads HTTP/1.1\r\nhost: e\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n")
    assert said.startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize("size", [300_000, 3_000_000])
def test_a_body_that_is_too_long_is_refused_in_words_and_not_by_a_reset(environment: Running, size: int) -> None:
    headers = {**environment.bearer, "content-type": "application/json"}
    answer = environment.http.post("/threads", content=b"a" * size, headers=headers)

    assert answer.status_code == 413
    assert answer.json()["type"].endswith("/too-large")


def test_a_client_is_told_to_go_on_when_its_body_is_wanted(environment: Running) -> None:
    login = json.dumps({"user": "nobody", "password": "not this one"}).encode()
    head = b"POST /auth/login HTTP/1.1\r\nhost: e\r\ncontent-type: application/json\r\nexpect: 100-continue\r\n"
    with socket.create_connection(environment.address, 10) as wire:
        wire.sendall(head + b"content-length: %d\r\n" % len(login) + END)
        assert wire.recv(65536).startswith(b"HTTP/1.1 100")
        wire.sendall(login)
        assert all_of(wire).startswith(b"HTTP/1.1 401")


@pytest.mark.parametrize(("method", "path", "status"), [("HEAD", "/version", 200), ("HEAD", "/_staging", 403)])
def test_a_head_has_no_body(environment: Running, method: str, path: str, status: int) -> None:
    said = environment.raw(f"{method} {path} HTTP/1.1\r\nhost: e\r\n".encode() + END)

    assert said.startswith(b"HTTP/1.1 %d" % status)
    assert said.endswith(b"\r\n\r\n")


def test_an_old_client_is_answered_and_let_go(environment: Running) -> None:
    said = environment.raw(b"GET /health HTTP/1.0\r\n\r\n")
    assert b" 200 " in said.splitlines()[0]
    assert json.loads(said.partition(b"\r\n\r\n")[2]) == {"status": "ok"}


def test_a_client_that_leaves_within_its_request_leaves_no_trace(environment: Running) -> None:
    for said in (b"", b"GET /he", b"POST /threads HTTP/1.1\r\nhost: e\r\ncontent-length: 10\r\n\r\nabc"):
        with socket.create_connection(environment.address, 10) as wire:
            wire.sendall(said)
    assert environment.http.get("/health").status_code == 200


def test_a_handshake_that_is_none_is_answered_with_the_promised_headers(environment: Running) -> None:
    said = environment.raw(
        b"GET /ws HTTP/1.1\r\nhost: 127.0.0.1\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
        b"sec-websocket-version: 13\r\nsec-websocket-key: short\r\n\r\n",
    )
    head = said.partition(b"\r\n\r\n")[0].lower()
    assert head.startswith(b"http/1.1 400")
    assert b"x-instance: gateway-" in head and b"x-frame-options: deny" in head and b"x-request-id: " in head


def test_a_long_message_passes_both_ways_and_a_slow_reader_gets_all_of_it(environment: Running) -> None:
    content = "ü" * 8000
    thread = environment.http.post("/threads", json={"title": "long"}, headers=environment.bearer).json()["id"]
    with environment.socket() as reader:
        reader.recv(5)
        reader.send(json.dumps({"type": "subscribe", "id": "1", "thread": thread}))
        assert json.loads(reader.recv(5))["type"] == "subscribed"
        for number in range(100):
            environment.http.post(
                f"/threads/{thread}/messages", json={"content": f"{number} {content}"}, headers=environment.bearer
            )
        heard = [json.loads(reader.recv(5))["message"]["content"] for _ in range(100)]
    assert heard == [f"{number} {content}" for number in range(100)]


def test_a_service_that_is_gone_and_comes_back_is_waited_for(environment: Running) -> None:
    began = time.monotonic()
    assert environment.admin("POST", "/services/backend-1/restart", {"how": "kill"}).status_code == 200
    assert environment.http.get("/health").status_code == 200
    assert time.monotonic() - began < 5
