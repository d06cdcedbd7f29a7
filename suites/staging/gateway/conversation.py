"""What a client can say on a WebSocket, and what it is answered."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from suites.staging.config import Config
from suites.staging.gateway.backend import Backend, StreamOver
from suites.staging.gateway.handshake import Admitted
from suites.staging.gateway.subscription import Subscription
from suites.staging.problems import Problem, not_found, unavailable
from suites.staging.switches import Switches

Body = dict[str, Any]
Say = Callable[[Body], Awaitable[None]]
End = Callable[[int, str], None]
_LONGEST_ID = 64
_STALL = 180.0


class Conversation:
    """Answers one client's messages, one after another, and delivers the events of the threads that it follows."""

    def __init__(
        self, admitted: Admitted, backend: Backend, switches: Switches, config: Config, say: Say, end: End
    ) -> None:
        self._admitted, self._token = admitted, admitted.token
        self._backend, self._switches, self._config = backend, switches, config
        self._say, self._end = say, end
        self._subscriptions: dict[str, Subscription] = {}
        # Held while something is asked of the backend whose answer must come before the events that it causes.
        self._answer_first = asyncio.Lock()
        self._does = {
            "ping": self._ping,
            "subscribe": self._subscribe,
            "unsubscribe": self._unsubscribe,
            "message": self._message,
            "start_run": self._start_run,
            "cancel_run": self._cancel_run,
        }

    async def begin(self) -> None:
        """What the handshake asked for."""
        if self._admitted.thread is not None:
            try:
                await self._follow(None, self._admitted.thread, self._admitted.after)
            except Problem as problem:
                await self._say(_error(None, problem))

    async def hear(self, text: str) -> None:
        """One message."""
        try:
            body = json.loads(text)
        except (ValueError, RecursionError):
            body = None
        if not isinstance(body, dict):
            self._end(1007, "no JSON object")
            return
        if self._switches.on("I1-message-schema-changed") and "kind" not in body:
            self._end(1008, "kind is required")
            return
        if self._switches.on("H4-event-loop-blocked"):
            _stall(self._config.scaled(_STALL))
        identity = body.get("id")
        try:
            if not isinstance(identity, str) or not 0 < len(identity) <= _LONGEST_ID:
                identity = None
                raise _invalid(f"id: a string of 1 to {_LONGEST_ID} characters")
            kind = body.get("type")
            if not isinstance(kind, str):
                raise _invalid("type: a string")
            if kind not in self._does:
                raise Problem(422, "unknown-type", f"There is no message of this type: {kind[:64]}")
            await self._does[kind](identity, body)
        except Problem as problem:
            await self._say(_error(identity, problem))

    def close(self) -> None:
        """Deliver nothing more."""
        for subscription in self._subscriptions.values():
            subscription.close()

    async def _ping(self, identity: str, _: Body) -> None:
        await self._say({"type": "pong", "id": identity})

    async def _subscribe(self, identity: str, body: Body) -> None:
        after = body.get("after")
        if after is not None and (isinstance(after, bool) or not isinstance(after, int) or after < 0):
            raise _invalid("after: a whole number from 0")
        await self._follow(identity, _text(body, "thread"), after)

    async def _unsubscribe(self, identity: str, body: Body) -> None:
        thread = _text(body, "thread")
        subscription = self._subscriptions.pop(thread, None)
        if subscription is None:
            raise not_found("You do not follow this thread.")
        subscription.close()
        await self._say({"type": "unsubscribed", "id": identity, "thread": thread})

    async def _message(self, identity: str, body: Body) -> None:
        thread = _text(body, "thread")
        async with self._answer_first:
            message = await self._backend.add_message(self._token, thread, _some(body, "content"))
            await self._say({"type": "accepted", "id": identity, "message": message})

    async def _start_run(self, identity: str, body: Body) -> None:
        thread = _text(body, "thread")
        async with self._answer_first:
            if thread not in self._subscriptions:
                await self._open(thread, await self._last(thread))
            run = await self._backend.start_run(self._token, thread, _some(body, "agent", "input"))
            await self._say({"type": "accepted", "id": identity, "run": run})

    async def _cancel_run(self, identity: str, body: Body) -> None:
        async with self._answer_first:
            run = await self._backend.cancel_run(self._token, _text(body, "run"))
            await self._say({"type": "accepted", "id": identity, "run": run})

    async def _follow(self, identity: str | None, thread: str, after: int | None) -> None:
        """Subscribe; a thread that is followed already is followed anew, from where it is asked."""
        async with self._answer_first:
            last = await self._last(thread)
            if (former := self._subscriptions.pop(thread, None)) is not None:
                former.close()
            await self._open(thread, last if after is None else after)
            await self._say({"type": "subscribed", "id": identity, "thread": thread, "last_sequence": last})

    async def _last(self, thread: str) -> int:
        return await self._backend.last_sequence(self._token, thread)

    async def _open(self, thread: str, after: int) -> None:
        subscription = Subscription(self._backend, thread, after, self._deliver)
        try:
            await subscription.opened()
        except StreamOver:
            raise not_found("There is no such thread.") from None
        except httpx.HTTPError:
            raise unavailable("The backend does not answer.") from None
        except BaseException:
            subscription.close()
            raise
        self._subscriptions[thread] = subscription

    async def _deliver(self, message: Body) -> None:
        async with self._answer_first:
            pass
        await self._say(message)


def _invalid(detail: str) -> Problem:
    return Problem(422, "invalid", detail)


def _error(identity: str | None, problem: Problem) -> Body:
    return {"type": "error", "id": identity, "code": problem.slug, "detail": str(problem)}


def _text(body: Body, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise _invalid(f"{name}: a string")
    return value


def _some(body: Body, *names: str) -> Body:
    """What the backend is to judge: the fields that were sent."""
    return {name: body[name] for name in names if name in body}


_stalled_at = 0.0


def _stall(seconds: float) -> None:
    """The fault H4: block, but no more than half of the time, so that the gateway is slow and not gone."""
    global _stalled_at
    if time.monotonic() - _stalled_at > seconds:
        time.sleep(seconds)
        _stalled_at = time.monotonic()
