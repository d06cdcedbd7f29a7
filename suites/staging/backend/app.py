"""The backend, put together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette

from suites.staging.backend.agents import Agents
from suites.staging.backend.agents_api import AgentsApi
from suites.staging.backend.guard import Guard
from suites.staging.backend.idempotency import Idempotency
from suites.staging.backend.internal import Internal
from suites.staging.backend.journal import Journal
from suites.staging.backend.messages import Messages
from suites.staging.backend.neighbours import Neighbours
from suites.staging.backend.operations_api import OperationsApi
from suites.staging.backend.rates import Rates
from suites.staging.backend.runner import Runner
from suites.staging.backend.runs import Runs
from suites.staging.backend.runs_api import RunsApi
from suites.staging.backend.store import SCHEMA
from suites.staging.backend.tenants_api import TenantsApi
from suites.staging.backend.threads import Threads
from suites.staging.backend.threads_api import ThreadsApi
from suites.staging.backend.tools import ToolSwitches
from suites.staging.backend.tools_api import ToolsApi
from suites.staging.clock import Clock
from suites.staging.config import Config
from suites.staging.database import Database
from suites.staging.metrics import Metrics
from suites.staging.operations import internal_resources
from suites.staging.resources import Resource
from suites.staging.switches import Switches
from suites.staging.verify import Verifier
from suites.staging.web import application


def make(config: Config, instance: str) -> Starlette:
    """The service ``instance``."""
    switches = Switches(config.folder)
    clock = Clock(switches, instance)
    metrics = Metrics("backend", instance)
    database = Database(config.folder / "backend.db", SCHEMA)
    verifier = Verifier(config, switches, clock, "backend")
    neighbours = Neighbours(config, verifier)
    rates = Rates(clock, switches)

    journal = Journal(database, clock, metrics)
    threads = Threads(database, clock, switches)
    messages = Messages(database, clock, journal)
    agents, tools = Agents(database), ToolSwitches(database)
    runs = Runs(database, clock, journal, messages, metrics)
    runs.interrupt()
    runner = Runner(runs, agents, tools, journal)
    idempotency = Idempotency(database, clock, journal)

    tenants = TenantsApi(database, threads, runs, neighbours)
    tenants.stand(config)
    table: list[Resource] = []
    table += OperationsApi(database, neighbours, metrics, switches, clock, table).resources()
    table += ThreadsApi(threads, messages, journal, idempotency).resources()
    table += RunsApi(runs, threads, agents, journal, runner, rates, idempotency, switches).resources()
    table += AgentsApi(agents).resources()
    table += ToolsApi(tools).resources()
    table += tenants.resources()
    table += Internal(database, journal).resources()
    table += internal_resources(metrics, table)

    async def leave() -> None:
        journal.close()

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        await runner.close()
        await verifier.aclose()
        database.close()

    guard = Guard(verifier, rates, switches)
    app = application(
        [resource.route(guard) for resource in table],
        switches=switches,
        clock=clock,
        metrics=metrics,
        lifespan=lifespan,
    )
    app.state.leave = leave
    return app
