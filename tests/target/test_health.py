"""Whether a target answers: any HTTP answer is one, and every way not to is told apart."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tui.plan.model import Target
from tui.target import http
from tui.target.health import Health, health_of


@contextmanager
def answering(answer: bytes | None, seen: list[bytes] | None = None) -> Iterator[int]:
    """A port where each connection is answered so; None: not at all, but it stays open."""
    listening = socket.create_server(("127.0.0.1", 0))
    open_ones: list[socket.socket] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            open_ones.append(connection)
            if answer is not None:
                request = connection.recv(4096)
                if seen is not None:
                    seen.append(request)
                connection.sendall(answer)
                connection.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        for connection in open_ones:
            connection.close()
        thread.join()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "TIMEOUT", 0.5)


@pytest.mark.parametrize(
    "status", ["200 OK", "302 Found\r\nLocation: http://127.0.0.1:1/", "401 Unauthorized", "503 Service Unavailable"]
)
async def test_any_status_is_an_answer(status: str) -> None:
    with answering(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode()) as port:
        assert await Health(f"http://127.0.0.1:{port}/health", {}).ask() is None


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"", "the connection was closed without an answer"),
        (b"SSH-2.0-OpenSSH\r\n", "what answers does not speak HTTP"),
        (None, "no answer within 0.5 s"),
    ],
)
async def test_what_is_no_http_is_none(answer: bytes | None, why: str) -> None:
    with answering(answer) as port:
        assert await Health(f"http://127.0.0.1:{port}/", {}).ask() == why


async def test_it_is_asked_twice_before_it_is_given_up() -> None:
    seen: list[bytes] = []
    with answering(b"", seen) as port:
        await Health(f"http://127.0.0.1:{port}/health?deep=1", {}).ask()
    assert len(seen) == 2
    assert seen[0].startswith(b"GET /health?deep=1 HTTP/1.1\r\n")


async def test_nothing_listens() -> None:
    free = socket.create_server(("127.0.0.1", 0))
    port = free.getsockname()[1]
    free.close()
    assert await Health(f"http://127.0.0.1:{port}/", {}).ask() == "connection refused"


async def test_a_name_that_is_in_no_dns() -> None:
    why = await Health("http://staging.invalid/", {}).ask()
    assert why is not None and (why.startswith("its name does not resolve: ") or why == "no answer within 0.5 s")


async def test_tls_where_there_is_none() -> None:
    with answering(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        why = await Health(f"https://127.0.0.1:{port}/", {}).ask()
    assert why is not None and why.startswith("TLS: ")


async def test_certificates_that_can_not_be_read() -> None:
    why = await Health("https://127.0.0.1:1/", {"SSL_CERT_FILE": "/no/such/file"}).ask()
    assert why == "the certificates of SSL_CERT_FILE can't be read: No such file or directory"


@pytest.mark.parametrize(
    ("target", "is_asked"),
    [
        (Target(health_url="http://a.example/"), True),
        (Target(base_url="http://a.example/"), False),
        (Target(health_url="http://a.PROD.example/", never=("*.prod.example",)), False),
        (Target(health_url="http://a.example/", never=("*.prod.example",)), True),
    ],
)
def test_who_is_asked(target: Target, is_asked: bool) -> None:
    assert (health_of(target, {}) is not None) == is_asked
