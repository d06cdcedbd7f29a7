"""Sessions: begun by a login, carried on by refreshing, ended for good.

A refresh token is stored as a digest. It counts once: what replaces it is the session's newest one,
and whoever shows an old one has a copy, so the session ends.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from hashlib import sha256
from typing import Any

from suites.staging import ids
from suites.staging.database import Database
from suites.staging.streams import Topic

REFRESH_LIFETIME = 24 * 3600.0
_TOUCH = 1.0
"""``last_used`` is stored when it is older than this many seconds."""


class VoidToken(Exception):
    """A refresh token that does not count (any more)."""


class Sessions:
    """All sessions. ``ended``: published to, a line for each session or token that ends."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.ended = Topic()

    def begin(self, user: str, now: float) -> tuple[str, str]:
        """A new session: its id and first refresh token."""
        sid = ids.new("ses")
        with self._database.transaction():
            self._database.run(
                "INSERT INTO sessions (id, user, created, last_used, expires) VALUES (?, ?, ?, ?, ?)",
                *(sid, user, now, now, now + REFRESH_LIFETIME),
            )
            token = self._issue(sid)
        return sid, token

    def carry_on(self, refresh_token: str, now: float) -> tuple[str, str, str]:
        """The user, the session, and the refresh token that replaces this one. Raises :class:`VoidToken`."""
        row = self._database.one(
            "SELECT session, void, user, ended, expires FROM refresh_tokens JOIN sessions ON sessions.id = session"
            " WHERE digest = ?",
            _digest(refresh_token),
        )
        if row is None or row["ended"]:
            raise VoidToken
        if row["void"]:
            self.end(row["session"])
            raise VoidToken
        if now >= row["expires"]:
            raise VoidToken
        with self._database.transaction():
            self._database.run("UPDATE refresh_tokens SET void = 1 WHERE digest = ?", _digest(refresh_token))
            self._database.run(
                "UPDATE sessions SET last_used = ?, expires = ? WHERE id = ?",
                *(now, now + REFRESH_LIFETIME, row["session"]),
            )
            token = self._issue(row["session"])
        return row["user"], row["session"], token

    def of_refresh_token(self, refresh_token: str) -> str | None:
        """The session that a refresh token, void or not, belongs to."""
        row = self._database.one("SELECT session FROM refresh_tokens WHERE digest = ?", _digest(refresh_token))
        return None if row is None else row["session"]

    def live(self, user: str, now: float) -> list[sqlite3.Row]:
        """A user's, in the order of their beginning."""
        return self._database.all(
            "SELECT * FROM sessions WHERE user = ? AND ended = 0 AND expires > ? ORDER BY n", user, now
        )

    def stands(self, sid: str, jti: str) -> bool:
        """Whether the session has not ended, and the token was not revoked."""
        return (
            self._database.one(
                "SELECT 1 FROM sessions WHERE id = ? AND ended = 0 AND NOT EXISTS"
                " (SELECT 1 FROM revoked WHERE jti = ?)",
                *(sid, jti),
            )
            is not None
        )

    def used(self, sid: str, now: float) -> None:
        """It was, now. Stored about once a second."""
        self._database.run("UPDATE sessions SET last_used = ? WHERE id = ? AND last_used < ?", now, sid, now - _TOUCH)

    def end(self, sid: str) -> None:
        """For good."""
        self._database.run("UPDATE sessions SET ended = 1 WHERE id = ?", sid)
        self._tell({"sid": sid})

    def end_all(self, user: str) -> None:
        """All of a user's."""
        rows = self._database.all("SELECT id FROM sessions WHERE user = ? AND ended = 0", user)
        self._database.run("UPDATE sessions SET ended = 1 WHERE user = ? AND ended = 0", user)
        for row in rows:
            self._tell({"sid": row["id"]})

    def gone(self, user: str) -> None:
        """A user that is disabled or deleted: no token of theirs counts."""
        self._tell({"user": user})

    def revoke(self, jti: str, expires: float, now: float) -> None:
        """One access token; remembered for as long as it would have lived."""
        with self._database.transaction():
            self._database.run("INSERT OR IGNORE INTO revoked (jti, expires) VALUES (?, ?)", jti, expires)
            self._database.run("DELETE FROM revoked WHERE expires < ?", now - 24 * 3600)
        self._tell({"jti": jti})

    def _issue(self, sid: str) -> str:
        token = f"rt_{secrets.token_urlsafe(32)}"
        self._database.run("INSERT INTO refresh_tokens (digest, session) VALUES (?, ?)", _digest(token), sid)
        return token

    def _tell(self, what: dict[str, Any]) -> None:
        self.ended.publish(json.dumps(what).encode() + b"\n")


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()
