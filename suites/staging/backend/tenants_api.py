"""``/tenant`` and ``/quotas``."""

from __future__ import annotations

import json

from starlette.responses import Response

from suites.staging import ids
from suites.staging.answers import Json
from suites.staging.backend.neighbours import Neighbours
from suites.staging.backend.runs import Runs
from suites.staging.backend.threads import Threads
from suites.staging.config import Config
from suites.staging.database import Database
from suites.staging.resources import Action, Call, Resource
from suites.staging.validation import Pairs, Shape

_SETTINGS = Shape({"settings": Pairs()})


class TenantsApi:
    """The caller's tenant, and what the caller has used up."""

    def __init__(self, database: Database, threads: Threads, runs: Runs, neighbours: Neighbours) -> None:
        self._database, self._threads, self._runs, self._neighbours = database, threads, runs, neighbours

    def stand(self, config: Config) -> None:
        """The tenants that stand at the start."""
        for account in config.secrets.accounts:
            self._database.run(
                "INSERT OR IGNORE INTO tenants (id, name, settings) VALUES (?, ?, '{}')",
                *(ids.tenant(account.tenant), account.tenant),
            )

    def resources(self) -> list[Resource]:
        """Its part of the table."""
        return [
            Resource(
                "/tenant",
                {
                    "GET": Action(self.show, "One's tenant"),
                    "PATCH": Action(self.change, "Change its settings", "tenant:write", _SETTINGS),
                },
            ),
            Resource("/quotas", {"GET": Action(self.quotas, "What one may, and has used")}),
        ]

    async def show(self, call: Call) -> Response:
        """Its name and settings."""
        row = self._database.one("SELECT * FROM tenants WHERE id = ?", call.user.tenant)
        assert row is not None
        return Json({"id": row["id"], "name": row["name"], "settings": json.loads(row["settings"])})

    async def change(self, call: Call) -> Response:
        """Other settings instead of those it has."""
        settings = json.dumps((await call.body())["settings"])
        self._database.run("UPDATE tenants SET settings = ? WHERE id = ?", settings, call.user.tenant)
        return await self.show(call)

    async def quotas(self, call: Call) -> Response:
        """The user's limits and what is used of them."""
        user = call.user.id
        connections = await self._neighbours.connections(user)
        used = {
            "threads": self._threads.count(user),
            "runs_last_minute": self._runs.last_minute(user),
            "connections": connections,
        }
        return Json({"limits": call.user.limits, "used": used})
