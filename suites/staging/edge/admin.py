"""The environment's own endpoints, ``/_staging/…``: its faults, revision, clock, services, and further environments."""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

import h11

from suites.staging.config import AUTH, BACKEND, EDGE, GATEWAYS, Config
from suites.staging.edge.answers import Answer, of_json, problem
from suites.staging.edge.environments import DidNotStart, Environments
from suites.staging.edge.request import ADMIN, Request
from suites.staging.edge.supervision import RestartRefused, Supervision
from suites.staging.edge.wire import Wire
from suites.staging.faults import FAULTS, Fault, UnknownFault, find
from suites.staging.switches import Switches

_LARGEST_BODY = 65536
_REVISION = re.compile(r"[A-Za-z0-9._+-]{1,64}")
_Body = dict[str, Any]
_Handler = Callable[["Admin", str, _Body], Awaitable[Answer]]


class _Wrong(Exception):
    """The request cannot be done; it carries the answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


class Admin:
    """Answers requests for the edge's own paths. ``stop_accepting``: called before this edge is followed by another."""

    def __init__(
        self,
        config: Config,
        switches: Switches,
        supervision: Supervision,
        environments: Environments,
        stop_accepting: Callable[[], None],
    ) -> None:
        self._config, self._switches, self._stop_accepting = config, switches, stop_accepting
        self._supervision, self._environments = supervision, environments

    async def answer(self, wire: Wire, request: Request) -> Answer:
        """The answer to a request with the admin key; 403 to any other."""
        given = request.header(b"x-staging-key") or b""
        if not hmac.compare_digest(given, self._config.secrets.admin_key.encode()):
            return problem(403, "This needs the environment's own key.")
        try:
            body = await _body(wire)
            for pattern, methods in _ROUTES:
                if found := re.fullmatch(ADMIN + pattern, request.path):
                    handler = methods.get("GET" if request.method == "HEAD" else request.method)
                    if handler is None:
                        allowed = ", ".join(methods).encode()
                        return problem(405, "Not with this method.", headers=[(b"allow", allowed)])
                    return await handler(self, found[1] if found.groups() else "", body)
            return problem(404, "The environment has no such endpoint.")
        except _Wrong as wrong:
            return wrong.answer

    async def overview(self, _: str, __: _Body) -> Answer:
        return of_json(
            200,
            {
                "environment": "embedded",
                "faults": sorted(self._switches.faults),
                "revision": self._switches.revision,
                "time_scale": self._config.time_scale,
                "services": await self._supervision.services(),
            },
        )

    async def faults(self, _: str, __: _Body) -> Answer:
        on = self._switches.faults
        items = [
            {"name": f.name, "on": f.name in on, "where": f.where, "run_time": f.run_time, "seen": f.seen}
            for f in FAULTS
        ]
        return of_json(200, {"items": items})

    async def set_fault(self, name: str, _: _Body) -> Answer:
        self._switches.write(faults=self._switches.faults | {self._switchable(name).name})
        return Answer(204)

    async def clear_fault(self, name: str, _: _Body) -> Answer:
        self._switches.write(faults=self._switches.faults - {self._switchable(name).name})
        return Answer(204)

    async def revise(self, _: str, body: _Body) -> Answer:
        revision = body.get("revision")
        if not isinstance(revision, str) or not _REVISION.fullmatch(revision):
            raise _Wrong(problem(422, "revision: 1 to 64 of letters, digits and ._+-"))
        rolling = body.get("rolling", False)
        if not isinstance(rolling, bool):
            raise _Wrong(problem(422, "rolling: true or false"))
        self._switches.write(revision=revision, rolling=rolling)
        return of_json(200, {"revision": revision})

    async def set_clock(self, _: str, body: _Body) -> Answer:
        offset = body.get("offset")
        if isinstance(offset, bool) or not isinstance(offset, int | float) or abs(offset) > 1e9:
            raise _Wrong(problem(422, "offset: seconds"))
        self._switches.write(offset=float(offset))
        return of_json(200, {"offset": float(offset)})

    async def restart(self, service: str, body: _Body) -> Answer:
        if service not in (AUTH, BACKEND, *GATEWAYS, EDGE):
            raise _Wrong(problem(404, "There is no such service."))
        how = body.get("how", "term")
        if how not in ("term", "kill"):
            raise _Wrong(problem(422, "how: term or kill"))
        if service == EDGE:
            self._stop_accepting()
        try:
            old, new = await self._supervision.restart(service, how)
        except RestartRefused as refused:
            raise _Wrong(problem(409, f"{service}: {refused}.")) from refused
        answer = of_json(200, {"service": service, "old": old, "new": new})
        if service == EDGE:  # this one is about to leave, and so is the connection
            answer.headers.append((b"connection", b"close"))
        return answer

    async def start_environment(self, _: str, body: _Body) -> Answer:
        faults, env = body.get("faults", []), body.get("env", {})
        time_scale = body.get("time_scale", self._config.time_scale)
        if not isinstance(faults, list) or not all(isinstance(fault, str) for fault in faults):
            raise _Wrong(problem(422, "faults: a list of names"))
        if not isinstance(env, dict) or not all(isinstance(value, str) for value in env.values()):
            raise _Wrong(problem(422, "env: strings by name"))
        if isinstance(time_scale, bool) or not isinstance(time_scale, int | float) or time_scale <= 0:
            raise _Wrong(problem(422, "time_scale: a number above 0"))
        try:
            names = [find(fault).name for fault in faults]
        except UnknownFault as unknown:
            raise _Wrong(problem(422, str(unknown))) from unknown
        try:
            environment = await self._environments.start(names, time_scale, env)
        except DidNotStart as failed:
            raise _Wrong(problem(500, f"The environment did not start: {failed}")) from failed
        return of_json(201, environment)

    async def end_environment(self, identity: str, _: _Body) -> Answer:
        if not await self._environments.end(identity):
            raise _Wrong(problem(404, "There is no such environment."))
        return Answer(204)

    def _switchable(self, name: str) -> Fault:
        try:
            fault = find(name)
        except UnknownFault as unknown:
            raise _Wrong(problem(404, str(unknown))) from unknown
        if not fault.run_time:
            raise _Wrong(problem(409, f"{fault.name} can only be set at the start.", slug="start-only"))
        return fault


_ROUTES: tuple[tuple[str, dict[str, _Handler]], ...] = (
    ("", {"GET": Admin.overview}),
    ("/faults", {"GET": Admin.faults}),
    ("/faults/([^/]+)", {"PUT": Admin.set_fault, "DELETE": Admin.clear_fault}),
    ("/revision", {"POST": Admin.revise}),
    ("/clock", {"POST": Admin.set_clock}),
    ("/services/([^/]+)/restart", {"POST": Admin.restart}),
    ("/environments", {"POST": Admin.start_environment}),
    ("/environments/([^/]+)", {"DELETE": Admin.end_environment}),
)


async def _body(wire: Wire) -> _Body:
    """A request's JSON object; an empty body is an empty one."""
    content = b""
    while not isinstance(event := await wire.next(), h11.EndOfMessage):
        if isinstance(event, h11.ConnectionClosed):
            raise ConnectionResetError("the client left within its request")
        assert isinstance(event, h11.Data)
        content += event.data
        if len(content) > _LARGEST_BODY:
            raise _Wrong(problem(413, "That is too long."))
    if not content.strip():
        return {}
    try:
        body = json.loads(content)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise _Wrong(problem(400, "The body is no JSON object."))
    return body
