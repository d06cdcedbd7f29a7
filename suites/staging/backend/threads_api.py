"""``/threads`` and their messages and events."""

from __future__ import annotations

import sqlite3
from typing import Any

from starlette.responses import Response

from suites.staging import entity_tags
from suites.staging.answers import Json, nothing
from suites.staging.backend import messages, threads
from suites.staging.backend.idempotency import Idempotency
from suites.staging.backend.journal import Journal
from suites.staging.backend.messages import Messages
from suites.staging.backend.threads import Threads
from suites.staging.pages import LIST_QUERY, page, window
from suites.staging.problems import Problem, invalid
from suites.staging.resources import Action, Call, Resource
from suites.staging.validation import Choice, Pairs, Shape, Text

READ, WRITE = "threads:read", "threads:write"
_TITLE = Text(200, strip=True)
_NEW = Shape({"title": _TITLE}, {"metadata": Pairs()})
_CHANGES = Shape(optional={"title": _TITLE, "metadata": Pairs()}, least=1)
_MESSAGE = Shape({"content": Text(16_000)}, {"role": Choice(("user",))})
_LARGEST = 2**53


class ThreadsApi:
    """``/threads…`` but runs."""

    def __init__(self, stored: Threads, messages: Messages, journal: Journal, idempotency: Idempotency) -> None:
        self._threads, self._messages = stored, messages
        self._journal, self._idempotency = journal, idempotency

    def resources(self) -> list[Resource]:
        """Its part of the table."""
        return [
            Resource(
                "/threads",
                {
                    "GET": Action(self.list, "The threads one sees", READ, query=(*LIST_QUERY, "title", "owner")),
                    "POST": Action(self.create, "Begin a thread", WRITE, _NEW, 201),
                },
            ),
            Resource(
                "/threads/{id}",
                {
                    "GET": Action(self.show, "A thread", READ),
                    "PATCH": Action(self.change, "Change a thread", WRITE, _CHANGES),
                    "DELETE": Action(self.delete, "Delete a thread", WRITE, status=204),
                },
            ),
            Resource(
                "/threads/{id}/messages",
                {
                    "GET": Action(self.list_messages, "A thread's messages", READ, query=LIST_QUERY),
                    "POST": Action(self.add_message, "Write a message", WRITE, _MESSAGE, 201),
                },
            ),
            Resource("/threads/{id}/messages/{mid}", {"GET": Action(self.message, "A message", READ)}),
            Resource("/threads/{id}/events", {"GET": Action(self.events, "A thread's events", READ, query=("after",))}),
        ]

    async def list(self, call: Call) -> Response:
        """A page of those the user sees."""
        if call.query.get("owner", "me") != "me":
            raise invalid("must be me", "/owner")
        asked = window(call, "threads")
        rows = self._threads.of(call.user, "owner" in call.query, call.query.get("title", ""), asked)
        return page(call, asked, rows, threads.shown)

    async def create(self, call: Call) -> Response:
        """A new one, of the user."""

        def do(body: dict[str, Any]) -> Response:
            thread = self._threads.add(call.user, body["title"], body.get("metadata", {}))
            return _answer(thread, 201, {"location": f"/threads/{thread['id']}"})

        return await self._idempotency.once(call, do)

    async def show(self, call: Call) -> Response:
        """One, unless the client has it as it is."""
        thread = self._threads.find(call.user, call["id"])
        headers = {"cache-control": "private, no-cache"}
        if entity_tags.matches(call.sent.get("if-none-match"), threads.tag(thread)):
            return nothing({**headers, "etag": threads.tag(thread)}, 304)
        return _answer(thread, 200, headers)

    async def change(self, call: Call) -> Response:
        """Another title or other metadata, if nobody was quicker."""
        self._threads.find(call.user, call["id"])
        body = await call.body()
        thread = self._threads.find(call.user, call["id"])
        expected = call.sent.get("if-match")
        if expected is None:
            raise Problem(428, "precondition-required", "This needs an if-match with the thread's etag.")
        if not entity_tags.matches(expected, threads.tag(thread), weak=False):
            raise Problem(412, "precondition-failed", "The thread has changed since.")
        return _answer(self._threads.change(call.user, thread, body), 200)

    async def delete(self, call: Call) -> Response:
        """With everything in it."""
        thread = self._threads.find(call.user, call["id"])
        self._threads.remove(thread)
        self._journal.forget(thread["id"])
        return nothing()

    async def list_messages(self, call: Call) -> Response:
        """A page of a thread's."""
        thread = self._threads.find(call.user, call["id"])
        asked = window(call, f"messages {thread['id']}")
        return page(call, asked, self._messages.of(thread["id"], asked), messages.shown)

    async def add_message(self, call: Call) -> Response:
        """The user's next message in a thread."""
        self._threads.find(call.user, call["id"])

        def do(body: dict[str, Any]) -> Response:
            thread = self._threads.find(call.user, call["id"])["id"]
            message = self._messages.add(thread, "user", call.user.id, body["content"])
            return Json(message, 201, {"location": f"/threads/{thread}/messages/{message['id']}"})

        return await self._idempotency.once(call, do)

    async def message(self, call: Call) -> Response:
        """One."""
        thread = self._threads.find(call.user, call["id"])
        return Json(self._messages.find(thread["id"], call["mid"]))

    async def events(self, call: Call) -> Response:
        """What has happened in a thread after a sequence."""
        thread = self._threads.find(call.user, call["id"])
        return Json({"items": self._journal.of_thread(thread["id"], after(call))})


def after(call: Call) -> int:
    """The sequence that the query begins after. Raises 422."""
    text = call.query.get("after", "0")
    if not (text.isascii() and text.isdigit()) or len(text) > 16 or int(text) > _LARGEST:
        raise invalid("must be a sequence, 0 or more", "/after")
    return int(text)


def _answer(thread: sqlite3.Row, status: int, headers: dict[str, str] | None = None) -> Response:
    return Json(threads.shown(thread), status, {"etag": threads.tag(thread), **(headers or {})})
