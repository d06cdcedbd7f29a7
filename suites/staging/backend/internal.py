"""What the gateways ask: everything that happens in a thread."""

from __future__ import annotations

from starlette.responses import Response

from suites.staging.backend.journal import Journal
from suites.staging.backend.threads_api import after
from suites.staging.database import Database
from suites.staging.problems import not_found
from suites.staging.resources import SERVICE, Action, Call, Resource


class Internal:
    """``/internal/…``, for services only: who may see a thread was asked before, as the user."""

    def __init__(self, database: Database, journal: Journal) -> None:
        self._database, self._journal = database, journal

    def resources(self) -> list[Resource]:
        """Its part of the table."""
        return [Resource("/internal/threads/{id}/events", {"GET": Action(self.events, "What happens", SERVICE)})]

    async def events(self, call: Call) -> Response:
        """The events after a sequence, then what comes; it ends when the thread is deleted."""
        since = after(call)
        if self._database.one("SELECT 1 FROM threads WHERE id = ?", call["id"]) is None:
            raise not_found("There is no such thread.")
        return self._journal.stream(call["id"], since)
