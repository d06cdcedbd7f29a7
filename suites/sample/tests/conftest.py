"""A running shop for each module that wants one, and a client to talk to it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import NamedTuple

import pytest
from orderdesk.server import USERS, Desk


class Answer(NamedTuple):
    status: int
    body: dict


class Client:
    """Asks the shop things, as one user or as nobody."""

    def __init__(self, desk: Desk, token: str | None = None) -> None:
        self._desk = desk
        self._token = token

    def get(self, path: str) -> Answer:
        return self._ask("GET", path, None)

    def post(self, path: str, body: object) -> Answer:
        return self._ask("POST", path, json.dumps(body))

    def post_text(self, path: str, text: str) -> Answer:
        return self._ask("POST", path, text)

    def signed_in(self, user: str = "ada", seconds: float = 60) -> Client:
        answer = self.post("/session", {"user": user, "password": USERS[user], "seconds": seconds})
        return Client(self._desk, answer.body["token"])

    def _ask(self, method: str, path: str, body: str | None) -> Answer:
        host, port = self._desk.server_address[:2]
        connection = HTTPConnection(host, port, timeout=10)
        try:
            connection.request(method, path, body, {"Authorization": f"Bearer {self._token}"} if self._token else {})
            answer = connection.getresponse()
            print(f"{method} {path} -> {answer.status}")
            return Answer(answer.status, json.loads(answer.read()))
        finally:
            connection.close()


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    with Desk() as desk:
        thread = threading.Thread(target=desk.serve_forever, args=[0.05], name="orderdesk")
        thread.start()
        yield desk
        desk.shutdown()
        thread.join()


@pytest.fixture
def nobody(desk: Desk) -> Client:
    return Client(desk)


@pytest.fixture
def ada(nobody: Client) -> Client:
    return nobody.signed_in("ada")
