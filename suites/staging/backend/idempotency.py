"""Requests that may be sent twice: the first answer is kept with what it did, in one transaction."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from hashlib import blake2b
from typing import Any

from starlette.responses import Response

from suites.staging.answers import encoded
from suites.staging.backend.journal import Journal
from suites.staging.clock import Clock
from suites.staging.database import Database
from suites.staging.problems import Problem, invalid
from suites.staging.resources import Call
from suites.staging.validation import Shape, checked

LIFETIME = 24 * 3600.0
_KEY = re.compile(r"[\x21-\x7e]{1,128}")
_KEPT_HEADERS = ("content-type", "location", "etag")


class Idempotency:
    """The answers to requests with an ``Idempotency-Key``, by user and key."""

    def __init__(self, database: Database, clock: Clock, journal: Journal) -> None:
        self._database, self._clock, self._journal = database, clock, journal
        self._database.run("DELETE FROM kept_answers WHERE at < ?", clock.now() - LIFETIME)

    async def once(self, call: Call, do: Callable[[dict[str, Any]], Response], shape: Shape | None = None) -> Response:
        """The answer of ``do`` to the checked body, or the one it gave when the same request came with the same key.

        Nothing gives way between looking and keeping, so of two at the same time one is the second. Raises 422.
        """
        key = call.sent.get("idempotency-key")
        if key is not None and not _KEY.fullmatch(key):
            raise invalid("Idempotency-Key must have 1 to 128 visible ASCII characters")
        body = await call.object()
        digest = blake2b(encoded([call.path, _sorted(body)]), digest_size=16).digest()
        if key is not None and (kept := self._kept(call.user.id, key, digest)) is not None:
            return kept
        shape = shape or call.action.body
        assert shape is not None
        values = checked(shape, body)
        with self._journal.writing():
            response = do(values)
            if key is not None:
                self._keep(call.user.id, key, digest, response)
        return response

    def _kept(self, user: str, key: str, digest: bytes) -> Response | None:
        row = self._database.one("SELECT * FROM kept_answers WHERE user = ? AND key = ?", user, key)
        if row is None or not 0 <= self._clock.now() - row["at"] < LIFETIME:
            return None
        if row["digest"] != digest:
            raise Problem(422, "idempotency-key-reused", "This key was sent with another request.", errors=[])
        headers = {**json.loads(row["headers"]), "idempotency-replayed": "true"}
        return Response(row["body"], row["status"], headers)

    def _keep(self, user: str, key: str, digest: bytes, response: Response) -> None:
        headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
        self._database.run(
            "INSERT OR REPLACE INTO kept_answers (user, key, digest, at, status, headers, body)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            *(user, key, digest, self._clock.now(), response.status_code, json.dumps(headers), response.body),
        )


def _sorted(value: Any) -> Any:
    """The same whatever the order of an object's members."""
    return json.dumps(value, sort_keys=True)
