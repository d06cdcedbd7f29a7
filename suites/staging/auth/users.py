"""Users: how they are stored, found, changed and shown."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from suites.staging import ids
from suites.staging.auth.passwords import hashed
from suites.staging.clock import written
from suites.staging.config import Config
from suites.staging.database import Database
from suites.staging.identity import LIMITS, SCOPES
from suites.staging.pages import Window
from suites.staging.problems import Problem, not_found
from suites.staging.switches import Switches

User = dict[str, Any]
"""As it is shown: ``{id, name, tenant, role, scopes, disabled, limits, created_at}``."""


class Users:
    """All users of the platform."""

    def __init__(self, database: Database, config: Config, switches: Switches) -> None:
        self._database, self._switches = database, switches
        self._first = config.secrets.accounts[0].name

    def stand(self, config: Config, now: float) -> None:
        """The accounts that stand at the start, unless they do already."""
        for account in config.secrets.accounts:
            if self._database.one("SELECT 1 FROM users WHERE name = ?", account.name) is None:
                self.add(account.name, ids.tenant(account.tenant), "admin", account.password, {}, now)

    def add(self, name: str, tenant: str, role: str, password: str, limits: Mapping[str, int], now: float) -> User:
        """A new one. Raises 409."""
        user = ids.new("usr")
        try:
            self._database.run(
                "INSERT INTO users (id, name, tenant, role, password, limits, created) VALUES (?, ?, ?, ?, ?, ?, ?)",
                *(user, name, tenant, role, hashed(password), json.dumps({**LIMITS, **limits}), now),
            )
        except sqlite3.IntegrityError:
            raise Problem(409, "name-taken", "There is a user of that name.") from None
        return self.find(user)

    def find(self, user: str, tenant: str | None = None) -> User:
        """The one with this id, of ``tenant``. Raises 404."""
        row = self._database.one("SELECT * FROM users WHERE id = ?", user)
        if row is None or tenant not in (None, row["tenant"]):
            raise not_found("There is no such user.")
        return self.show(row)

    def named(self, name: str) -> tuple[User, str] | None:
        """The one of this name, and its password's hash."""
        row = self._database.one("SELECT * FROM users WHERE name = ?", name)
        return None if row is None else (self.show(row), row["password"])

    def of(self, tenant: str, role: str | None, asked: Window) -> list[sqlite3.Row]:
        """A tenant's, as rows for :meth:`show`."""
        end, values = asked.clause()
        if role is None:
            return self._database.all(f"SELECT * FROM users WHERE tenant = ?{end}", tenant, *values)
        return self._database.all(f"SELECT * FROM users WHERE tenant = ? AND role = ?{end}", tenant, role, *values)

    def change(self, user: User, changes: Mapping[str, Any]) -> User:
        """With another role, password, limits, or disabled or not."""
        with self._database.transaction():
            if "role" in changes:
                self._database.run("UPDATE users SET role = ? WHERE id = ?", changes["role"], user["id"])
            if "disabled" in changes:
                self._database.run("UPDATE users SET disabled = ? WHERE id = ?", changes["disabled"], user["id"])
            if "password" in changes:
                self._database.run(
                    "UPDATE users SET password = ? WHERE id = ?", hashed(changes["password"]), user["id"]
                )
            if "limits" in changes:
                limits = json.dumps({**user["limits"], **changes["limits"]})
                self._database.run("UPDATE users SET limits = ? WHERE id = ?", limits, user["id"])
        return self.find(user["id"])

    def remove(self, user: User) -> None:
        """For good; its sessions too."""
        self._database.run("DELETE FROM users WHERE id = ?", user["id"])

    def show(self, row: sqlite3.Row) -> User:
        """Everything about a user but the password."""
        scopes = list(SCOPES[row["role"]])
        if row["name"] == self._first and self._switches.on("G2-scope-missing"):
            scopes = [scope for scope in scopes if scope not in ("threads:write", "runs:write")]
        return {
            "id": row["id"],
            "name": row["name"],
            "tenant": row["tenant"],
            "role": row["role"],
            "scopes": scopes,
            "disabled": bool(row["disabled"]),
            "limits": json.loads(row["limits"]),
            "created_at": written(row["created"]),
        }
