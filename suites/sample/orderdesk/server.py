"""The shop as an HTTP server on the loopback interface, JSON in and out.

``POST /session`` gives a token; ``POST /orders`` takes an order, whose payment settles in the
background; ``GET /orders/N`` tells its state and, with ``?wait=SECONDS``, answers when it changes.
"""

from __future__ import annotations

import json
import logging
import secrets
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from orderdesk import tokens
from orderdesk.cart import CATALOGUE, Cart
from orderdesk.prices import shipping
from orderdesk.stock import SoldOut, Stock

log = logging.getLogger("orderdesk")

USERS = {"ada": "lovelace", "grace": "hopper"}


class Desk(ThreadingHTTPServer):
    """The server and all it knows. ``settling``: seconds that the bank takes for a payment."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, settling: float = 0.25) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.settling = settling
        self.key = secrets.token_bytes(16)
        self.stock = Stock(tea=500, pot=40, cup=300, tin=3)
        self.orders: list[dict[str, object]] = []
        self.changed = threading.Condition()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def order(self, user: str, items: dict[str, int], country: str) -> dict[str, object]:
        """Take an order: goods leave the shelf at once, the payment settles later."""
        cart = Cart()
        for name, count in items.items():
            cart.add(name, count)
        total = cart.total + shipping(cart.total, country)
        for name, count in items.items():
            self.stock.take(name, count)
        with self.changed:
            order: dict[str, object] = {
                "number": len(self.orders) + 1,
                "user": user,
                "items": items,
                "total": total,
                "state": "waiting for payment",
            }
            self.orders.append(order)
        log.info("order %s of %s: %s cents", order["number"], user, total)
        settle = threading.Timer(self.settling, self._settle, [order])
        settle.daemon = True
        settle.start()
        return order

    def _settle(self, order: dict[str, object]) -> None:
        with self.changed:
            order["state"] = "paid"
            self.changed.notify_all()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Desk

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if url.path == "/health":
            self._answer(200, {"status": "ok"})
        elif url.path == "/catalogue":
            self._answer(200, CATALOGUE)
        elif url.path.startswith("/orders"):
            self._orders(url.path, float(parse_qs(url.query).get("wait", ["0"])[0]))
        else:
            self._answer(404, {"error": "there is nothing here"})

    def do_POST(self) -> None:
        try:
            asked = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        except ValueError:
            self._answer(400, {"error": "that is not JSON"})
            return
        if self.path == "/session":
            self._sign_in(asked)
        elif self.path == "/orders":
            self._new_order(asked)
        else:
            self._answer(404, {"error": "there is nothing here"})

    def _sign_in(self, asked: dict[str, object]) -> None:
        user = str(asked.get("user"))
        if USERS.get(user) != asked.get("password"):
            log.warning("%s was turned away", user)
            self._answer(401, {"error": "wrong user or password"})
            return
        seconds = float(str(asked.get("seconds", 60)))
        self._answer(200, {"token": tokens.issue(user, seconds, self.server.key)})

    def _new_order(self, asked: dict[str, object]) -> None:
        user = self._user()
        if user is None:
            return
        try:
            order = self.server.order(user, dict(asked["items"]), str(asked.get("country", "DE")))  # type: ignore[call-overload]
        except SoldOut as error:
            self._answer(409, {"error": str(error)})
        except (KeyError, ValueError) as error:
            self._answer(422, {"error": str(error)})
        else:
            self._answer(201, order)

    def _orders(self, path: str, wait: float) -> None:
        user = self._user()
        if user is None:
            return
        mine = {str(order["number"]): order for order in self.server.orders if order["user"] == user}
        number = path.removeprefix("/orders").strip("/")
        if not number:
            self._answer(200, list(mine.values()))
        elif number not in mine:
            self._answer(404, {"error": "no such order of yours"})
        else:
            with self.server.changed:
                self.server.changed.wait_for(lambda: mine[number]["state"] == "paid", timeout=wait)
                self._answer(200, mine[number])

    def _user(self) -> str | None:
        """Who asks; ``None`` after the door was shut."""
        try:
            return tokens.user_of(self.headers.get("Authorization", "").removeprefix("Bearer "), self.server.key)
        except tokens.Refused as error:
            self._answer(401, {"error": str(error)})
            return None

    def _answer(self, status: int, body: object) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        log.debug(format, *args)
