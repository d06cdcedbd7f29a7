"""``/users``: an admin's view of the people of a tenant."""

from __future__ import annotations

from starlette.responses import Response

from suites.staging.answers import Json, nothing
from suites.staging.auth.sessions import Sessions
from suites.staging.auth.standing import Register
from suites.staging.auth.users import Users
from suites.staging.clock import Clock
from suites.staging.identity import ROLES
from suites.staging.pages import LIST_QUERY, page, window
from suites.staging.problems import Problem, invalid
from suites.staging.resources import Action, Call, Resource
from suites.staging.validation import Choice, Flag, Shape, Text, Whole

_ADMIN = "users:write"
_MILLION = 1_000_000
_LIMITS = Shape(
    optional={
        "requests_per_minute": Whole(1, _MILLION),
        "runs_per_minute": Whole(1, _MILLION),
        "threads": Whole(0, _MILLION),
        "connections": Whole(0, _MILLION),
    }
)
_PASSWORD = Text(128, 12)
_NEW = Shape(
    {"name": Text(40, 3, pattern="[a-z0-9._-]{3,40}"), "password": _PASSWORD},
    {"role": Choice(ROLES), "limits": _LIMITS},
)
_CHANGES = Shape(
    optional={"role": Choice(ROLES), "disabled": Flag(), "password": _PASSWORD, "limits": _LIMITS}, least=1
)


class UsersApi:
    """``/users…``."""

    def __init__(self, clock: Clock, users: Users, sessions: Sessions, register: Register) -> None:
        self._clock, self._users, self._sessions, self._register = clock, users, sessions, register

    def resources(self) -> list[Resource]:
        """Its part of the table."""
        return [
            Resource(
                "/users",
                {
                    "GET": Action(self.list, "The tenant's users", _ADMIN, query=(*LIST_QUERY, "role")),
                    "POST": Action(self.create, "Make a user", _ADMIN, _NEW, 201),
                },
            ),
            Resource("/users/me", {"GET": Action(self.me, "Oneself")}),
            Resource(
                "/users/{id}",
                {
                    "GET": Action(self.show, "A user", _ADMIN),
                    "PATCH": Action(self.change, "Change a user", _ADMIN, _CHANGES),
                    "DELETE": Action(self.delete, "Delete a user", _ADMIN, status=204),
                },
            ),
        ]

    async def me(self, call: Call) -> Response:
        """Who asks."""
        return Json(self._users.find(call.user.id))

    async def list(self, call: Call) -> Response:
        """The tenant's, a page at a time, of one role where that is asked for."""
        role = call.query.get("role")
        if role is not None and role not in ROLES:
            raise invalid("must be one of " + ", ".join(ROLES), "/role")
        asked = window(call, f"users {role}")
        return page(call, asked, self._users.of(call.user.tenant, role, asked), self._users.show)

    async def create(self, call: Call) -> Response:
        """A new user of the tenant."""
        body = await call.body()
        user = self._users.add(
            body["name"],
            call.user.tenant,
            body.get("role", "member"),
            body["password"],
            body.get("limits", {}),
            self._clock.now(),
        )
        return Json(user, 201, {"location": f"/users/{user['id']}"})

    async def show(self, call: Call) -> Response:
        """One of the tenant's."""
        return Json(self._users.find(call["id"], call.user.tenant))

    async def change(self, call: Call) -> Response:
        """What a user may and can. A new password, or being disabled, ends the sessions."""
        user = self._users.find(call["id"], call.user.tenant)
        body = await call.body()
        if user["id"] == call.user.id and (body.get("disabled") or body.get("role", "admin") != "admin"):
            raise _last_resort()
        with_end = "password" in body or body.get("disabled", False)
        changed = self._users.change(user, body)
        if with_end:
            self._sessions.end_all(user["id"])
        if changed["disabled"]:
            self._sessions.gone(user["id"])
        self._register.changed()
        return Json(changed)

    async def delete(self, call: Call) -> Response:
        """A user of the tenant, and all their sessions."""
        user = self._users.find(call["id"], call.user.tenant)
        if user["id"] == call.user.id:
            raise _last_resort()
        self._sessions.end_all(user["id"])
        self._users.remove(user)
        self._sessions.gone(user["id"])
        self._register.changed()
        return nothing()


def _last_resort() -> Problem:
    return Problem(409, "last-resort", "An admin cannot disable, demote or delete themself.")
