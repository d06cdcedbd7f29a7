"""Runs: started in a thread, watched, cancelled."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from starlette.responses import Response

from suites.staging.answers import Json
from suites.staging.backend import runs
from suites.staging.backend.agents import Agents
from suites.staging.backend.idempotency import Idempotency
from suites.staging.backend.journal import Journal
from suites.staging.backend.rates import Rates
from suites.staging.backend.runner import Runner
from suites.staging.backend.runs import ACTIVE, Runs
from suites.staging.backend.threads import Threads
from suites.staging.backend.threads_api import READ, after
from suites.staging.pages import LIST_QUERY, page, window
from suites.staging.problems import Problem, invalid, not_found
from suites.staging.resources import Action, Call, Resource
from suites.staging.switches import Switches
from suites.staging.validation import Shape, Text

RUN = "runs:write"
FEATURE = "agents"
"""Runs and agents are one feature, which J7 switches off."""
_FIELDS = {"agent": Text(100), "input": Text(16_000)}
_NEW = Shape(_FIELDS)
_NEWER = Shape({**_FIELDS, "model": Text(100)})


class RunsApi:
    """``/threads/{id}/runs`` and ``/runs/…``."""

    def __init__(
        self,
        stored: Runs,
        threads: Threads,
        agents: Agents,
        journal: Journal,
        runner: Runner,
        rates: Rates,
        idempotency: Idempotency,
        switches: Switches,
    ) -> None:
        self._runs, self._threads, self._agents, self._journal = stored, threads, agents, journal
        self._runner, self._rates, self._idempotency, self._switches = runner, rates, idempotency, switches

    def resources(self) -> list[Resource]:
        """Its part of the table."""
        table = {
            "/threads/{id}/runs": {
                "GET": Action(self.list, "A thread's runs", READ, query=LIST_QUERY),
                "POST": Action(self.create, "Start a run", RUN, _NEW, 202),
            },
            "/runs/{id}": {"GET": Action(self.show, "A run", READ)},
            "/runs/{id}/events": {"GET": Action(self.events, "A run's own events", READ, query=("after",))},
            "/runs/{id}/result": {"GET": Action(self.result, "A run's result", READ)},
            "/runs/{id}/cancel": {"POST": Action(self.cancel, "Cancel a run", RUN, status=202)},
        }
        return [Resource(path, actions, feature=FEATURE) for path, actions in table.items()]

    async def list(self, call: Call) -> Response:
        """A page of a thread's, those of sub-agents too."""
        thread = self._threads.find(call.user, call["id"])
        asked = window(call, f"runs {thread['id']}")
        return page(call, asked, self._runs.of(thread["id"], asked), runs.shown)

    async def create(self, call: Call) -> Response:
        """A new one, which begins after the answer was made."""
        self._threads.find(call.user, call["id"])
        # Under J1 this half was deployed, and the one that sends the new field was not.
        shape = _NEWER if self._switches.on("J1-half-shipped") else _NEW

        def do(body: dict[str, Any]) -> Response:
            thread = self._threads.find(call.user, call["id"])
            agent = self._agents.get(call.user.tenant, body["agent"])
            if agent is None:
                raise invalid("is no agent", "/agent")
            run = self._runs.add(thread["id"], agent.id, body["input"], call.user.id)
            self._rates.run(call)
            self._runner.begin(run, agent, call.user.tenant)
            return Json(runs.shown(run), 202, {"location": f"/runs/{run['id']}"})

        return await self._idempotency.once(call, do, shape)

    async def show(self, call: Call) -> Response:
        """One."""
        return Json(runs.shown(self._find(call)))

    async def events(self, call: Call) -> Response:
        """What has happened in a run after a sequence."""
        return Json({"items": self._journal.of_run(self._find(call)["id"], after(call))})

    async def result(self, call: Call) -> Response:
        """What came of it."""
        run = self._find(call)
        if run["status"] in ACTIVE:
            raise Problem(409, "not-finished", "The run has not ended yet.")
        if run["result"] is None:
            raise Problem(409, "no-result", f"The run is {run['status']} and has no result.")
        return Json(json.loads(run["result"]))

    async def cancel(self, call: Call) -> Response:
        """It ends now."""
        run = self._find(call)
        self._runner.cancel(run)
        return Json(runs.shown(self._runs.get(run["id"])), 202)

    def _find(self, call: Call) -> sqlite3.Row:
        """The run of the path, in a thread that the user sees. Raises 404."""
        run = self._runs.find(call["id"])
        if run is None:
            raise not_found("There is no such run.")
        try:
            self._threads.find(call.user, run["thread"])
        except Problem:
            raise not_found("There is no such run.") from None
        return run
