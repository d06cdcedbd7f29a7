"""One user's session with the platform over HTTP."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx

from suites.client.credentials import Transport, upgrade
from suites.client.socket import Socket, open_socket
from suites.client.target import Target

Json = dict[str, Any]
"""A JSON object as the platform sends it."""

_FINISHED = ("completed", "failed", "cancelled")
_LOOK_AGAIN = 0.01


class PlatformError(Exception):
    """The platform said no. ``status`` and ``slug`` are the problem's, ``response`` is all of it."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.status = response.status_code
        try:
            problem = response.json()
            self.slug = str(problem["type"]).rpartition("/")[2]
            said = f"{problem['title']}: {problem['detail']}"
        except (ValueError, KeyError, TypeError):
            self.slug = ""
            said = response.text[:200] or "an empty body"
        super().__init__(f"{response.request.method} {response.request.url.path}: HTTP {self.status}, {said}")


class Client:
    """What somebody who has logged in can do. Tokens are plain attributes, so that a test can swap them."""

    def __init__(self, target: Target, http: httpx.AsyncClient, granted: Json) -> None:
        self.target = target
        self.http = http
        self.access_token: str = granted["access_token"]
        self.refresh_token: str = granted["refresh_token"]
        self.user: Json = granted["user"]
        self.granted = granted

    @classmethod
    async def login(
        cls, target: Target, http: httpx.AsyncClient, user: str, password: str, *, expires_in: int | None = None
    ) -> Client:
        """Log in as a user would. ``expires_in``: seconds that the access token shall live."""
        body: Json = {"user": user, "password": password}
        if expires_in is not None:
            body["expires_in"] = expires_in
        return cls(target, http, _successful(await http.post(f"{target.base_url}/auth/login", json=body)).json())

    # Anything -------------------------------------------------------------------------------------------------------

    async def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, Any] | None = None,
        content: bytes | str | None = None,
        token: str | None = None,
        anonymous: bool = False,
    ) -> httpx.Response:
        """The response as it came. ``token``: another than this session's; ``anonymous``: none at all."""
        sent = dict(headers or {})
        if not anonymous and "authorization" not in {name.lower() for name in sent}:
            sent["Authorization"] = f"Bearer {token or self.access_token}"
        return await self.http.request(
            method, f"{self.target.base_url}{path}", json=json, headers=sent, params=params, content=content
        )

    async def get(self, path: str, **options: Any) -> httpx.Response:
        """``request("GET", ...)``."""
        return await self.request("GET", path, **options)

    async def post(self, path: str, json: Any = None, **options: Any) -> httpx.Response:
        """``request("POST", ...)`` with a JSON body."""
        return await self.request("POST", path, json=json, **options)

    async def patch(self, path: str, json: Any = None, **options: Any) -> httpx.Response:
        """``request("PATCH", ...)`` with a JSON body."""
        return await self.request("PATCH", path, json=json, **options)

    async def put(self, path: str, json: Any = None, **options: Any) -> httpx.Response:
        """``request("PUT", ...)`` with a JSON body."""
        return await self.request("PUT", path, json=json, **options)

    async def delete(self, path: str, **options: Any) -> httpx.Response:
        """``request("DELETE", ...)``."""
        return await self.request("DELETE", path, **options)

    async def call(self, method: str, path: str, json: Any = None, **options: Any) -> Json:
        """The answer's JSON ({} without a body). Raises PlatformError unless it is a success."""
        response = _successful(await self.request(method, path, json=json, **options))
        answer: Json = response.json() if response.content else {}
        return answer

    # The session ----------------------------------------------------------------------------------------------------

    async def refresh(self) -> None:
        """Swap both tokens for new ones."""
        granted = await self.call("POST", "/auth/refresh", {"refresh_token": self.refresh_token}, anonymous=True)
        self.access_token, self.refresh_token = granted["access_token"], granted["refresh_token"]

    async def logout(self) -> None:
        """End this session."""
        await self.call("POST", "/auth/logout")

    # Users (of an admin) --------------------------------------------------------------------------------------------

    async def new_user(self, role: str = "member", **limits: int) -> tuple[str, str]:
        """Make a user of this tenant; returns its name and password."""
        name, password = f"{role}-{secrets.token_hex(6)}", secrets.token_urlsafe(18)
        body: Json = {"name": name, "password": password, "role": role}
        if limits:
            body["limits"] = limits
        await self.call("POST", "/users", body)
        return name, password

    # Threads and messages -------------------------------------------------------------------------------------------

    async def create_thread(self, title: str = "a thread", metadata: Mapping[str, str] | None = None) -> Json:
        """A new thread of this user."""
        body: Json = {"title": title}
        if metadata is not None:
            body["metadata"] = dict(metadata)
        return await self.call("POST", "/threads", body)

    async def thread(self, thread: str) -> Json:
        """A thread, by its id."""
        return await self.call("GET", f"/threads/{thread}")

    async def send_message(self, thread: str, content: str) -> Json:
        """Add a message to a thread."""
        return await self.call("POST", f"/threads/{thread}/messages", {"content": content})

    async def messages(self, thread: str) -> list[Json]:
        """A thread's messages, all of them, oldest first."""
        return await self.everything(f"/threads/{thread}/messages")

    async def everything(self, path: str, **params: Any) -> list[Json]:
        """All pages of a list, one after another."""
        items: list[Json] = []
        cursor: str | None = None
        while True:
            page = await self.call(
                "GET", path, params={"limit": 100, **params, **({"cursor": cursor} if cursor else {})}
            )
            items += page["items"]
            if not page["has_more"]:
                return items
            cursor = page["next_cursor"]

    # Runs -----------------------------------------------------------------------------------------------------------

    async def start_run(self, thread: str, agent: str, input: str) -> Json:
        """Start an agent on a thread; returns at once."""
        return await self.call("POST", f"/threads/{thread}/runs", {"agent": agent, "input": input})

    async def run(self, run: str) -> Json:
        """A run as it stands, by its id."""
        return await self.call("GET", f"/runs/{run}")

    async def finished(self, run: str) -> Json:
        """A run when it has come to its end. Raises TimeoutError if it does not in the target's time."""
        async with asyncio.timeout(self.target.timeout):
            while (now := await self.run(run))["status"] not in _FINISHED:
                await asyncio.sleep(_LOOK_AGAIN)
        return now

    async def complete(self, thread: str, agent: str, input: str) -> Json:
        """Start an agent and wait for its end."""
        return await self.finished((await self.start_run(thread, agent, input))["id"])

    async def cancel_run(self, run: str) -> Json:
        """Ask for the end of a run."""
        return await self.call("POST", f"/runs/{run}/cancel")

    async def events(self, run: str, after: int = 0) -> list[Json]:
        """A run's events so far."""
        items: list[Json] = (await self.call("GET", f"/runs/{run}/events", params={"after": after}))["items"]
        return items

    # The WebSocket --------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def connect(
        self,
        *,
        transport: Transport = "header",
        token: str | None = None,
        thread: str | None = None,
        after: int | None = None,
        origin: str | None = None,
        subprotocols: Sequence[str] = (),
        headers: Mapping[str, str] | None = None,
        path: str | None = None,
        welcome: bool = True,
        **library: Any,
    ) -> AsyncIterator[Socket]:
        """This user's WebSocket, its welcome read (``welcome``: False leaves it to the test).

        ``path`` stands instead of the target's; ``library`` goes to ``websockets.connect``. Raises
        what that raises: ``InvalidStatus`` when the handshake is refused.
        """
        sent = upgrade(token or self.access_token, self.refresh_token, transport, self.target.client_faults)
        query = {name: str(value) for name, value in (("thread", thread), ("after", after)) if value is not None}
        url = httpx.URL(self.target.ws_url)
        url = (url if path is None else url.copy_with(path=path)).copy_merge_params(query) if query or path else url
        async with open_socket(
            str(url),
            sent,
            headers=headers or {},
            subprotocols=subprotocols,
            origin=origin,
            patience=self.target.timeout,
            welcome=welcome,
            **library,
        ) as socket:
            yield socket


def _successful(response: httpx.Response) -> httpx.Response:
    if not response.is_success:
        raise PlatformError(response)
    return response
