"""The auth service, put together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette

from suites.staging.auth.attempts import Attempts
from suites.staging.auth.internal import Internal
from suites.staging.auth.published import Published
from suites.staging.auth.sessions import Sessions
from suites.staging.auth.signing import Signing
from suites.staging.auth.standing import Register
from suites.staging.auth.store import SCHEMA
from suites.staging.auth.tokens_api import TokensApi
from suites.staging.auth.users import Users
from suites.staging.auth.users_api import UsersApi
from suites.staging.clock import Clock
from suites.staging.config import Config
from suites.staging.database import Database
from suites.staging.identity import identity
from suites.staging.metrics import Metrics
from suites.staging.operations import internal_resources
from suites.staging.problems import invalid_token, unavailable
from suites.staging.resources import ANYBODY, SERVICE, SIGNED_IN, Call
from suites.staging.switches import Switches
from suites.staging.tokens import BadToken
from suites.staging.web import application


def make(config: Config, instance: str) -> Starlette:
    """The service ``instance``."""
    switches = Switches(config.folder)
    clock = Clock(switches, instance)
    metrics = Metrics("auth", instance)
    database = Database(config.folder / "auth.db", SCHEMA)
    users = Users(database, config, switches)
    users.stand(config, clock.now())
    sessions = Sessions(database)
    signing = Signing(config, switches)
    register = Register(signing, users, sessions, clock, switches, config)
    table = [
        *TokensApi(config, switches, clock, users, sessions, signing, register, Attempts(database)).resources(),
        *UsersApi(clock, users, sessions, register).resources(),
        *Published(signing).resources(),
        *Internal(sessions, register).resources(),
    ]
    table += internal_resources(metrics, table)

    async def guard(call: Call) -> None:
        if switches.on("G6-auth-service-down"):
            raise unavailable("The auth service is down.")
        needs = call.action.needs
        if needs == ANYBODY:
            return
        token = call.bearer
        try:
            if needs == SERVICE:
                signing.read_service(token, clock.now())
                return
            call.user = identity(register.look_up(token).answer)
        except BadToken as bad:
            raise invalid_token(str(bad)) from None
        if needs != SIGNED_IN:
            call.user.require(needs)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        database.close()

    async def leave() -> None:
        sessions.ended.close()

    app = application(
        [resource.route(guard) for resource in table],
        switches=switches,
        clock=clock,
        metrics=metrics,
        lifespan=lifespan,
    )
    app.state.leave = leave
    return app
