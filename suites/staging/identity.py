"""Who calls, as the auth service says it now: a token names a session, not a role that still holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from suites.staging.problems import forbidden

ROLES = ("admin", "member", "viewer")
SCOPES = {
    "admin": ("threads:read", "threads:write", "runs:write", "agents:write", "users:write", "tenant:write"),
    "member": ("threads:read", "threads:write", "runs:write"),
    "viewer": ("threads:read",),
}
LIMITS = {"requests_per_minute": 6000, "runs_per_minute": 600, "threads": 10000, "connections": 50}
"""What a user may, unless told otherwise."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A user with a live session. ``exp``: seconds since the epoch at which the token ends."""

    id: str
    name: str
    tenant: str
    role: str
    scopes: frozenset[str]
    limits: dict[str, int]
    sid: str
    jti: str
    exp: float

    @property
    def sees_tenant(self) -> bool:
        """Whether it reads all of the tenant, or only its own."""
        return self.role != "member"

    def require(self, scope: str) -> None:
        """Raises 403 unless the user's role has ``scope``."""
        if scope not in self.scopes:
            raise forbidden(f"This needs the scope {scope}, which your role does not have.")


def identity(answer: dict[str, Any]) -> Identity:
    """Of an answer to an introspection that says ``active``."""
    user = answer["user"]
    return Identity(
        id=user["id"],
        name=user["name"],
        tenant=user["tenant"],
        role=user["role"],
        scopes=frozenset(user["scopes"]),
        limits=user["limits"],
        sid=answer["sid"],
        jti=answer["jti"],
        exp=answer["exp"],
    )
