"""What the edge does wrong when it is told to. Healthy, none of it has any effect."""

from __future__ import annotations

import re
import socket
import time

from suites.staging.config import Config
from suites.staging.edge.answers import Answer, problem
from suites.staging.edge.pipe import Limits
from suites.staging.edge.request import Request
from suites.staging.switches import Switches

_OPEN = ("/health", "/ready", "/version", "/metrics", "/openapi.json", "/auth/", "/.well-known/")
"""What is public, or behind rules of its own, in the faults that tell these apart."""
_PYTHON = re.compile(rb"python|websockets|httpx|aiohttp|urllib|requests", re.IGNORECASE)
_PAGE = "text/html; charset=utf-8"
_LOGIN = b"https://login.staging.example/"
_INDEX = b'<!doctype html><html><head><title>Staging</title></head><body><div id="app"></div></body></html>'
_MAINTENANCE = b"<!doctype html><html><head><title>Down for maintenance</title></head><body>Back soon.</body></html>"
_BLOCKED = b"<html><head><title>403 Forbidden</title></head><body>Request blocked. Rule 949110.</body></html>"
_COLD_AFTER, _COLD_FOR = 60.0, 30.0
_OUTAGE, _OUTAGE_EVERY = 60.0, 180.0
_IDLE_CUT, _REQUEST_TIMEOUT = 60.0, 30.0


class BlackHole(Exception):
    """The request is swallowed."""


class EdgeFaults:
    """The edge's faults, as far as they are on at the moment."""

    def __init__(self, config: Config, switches: Switches) -> None:
        self._config, self._switches = config, switches
        self._warm_at = 0.0  # when a gateway last had a connection
        self._cold_until = 0.0
        self._outage_since: float | None = None
        self._nowhere: socket.socket | None = None

    def answer(self, request: Request) -> Answer | None:
        """What a faulty edge answers in place of a service. Raises ``BlackHole``."""
        on = self._switches.faults
        if not on:
            return None
        if "A3-black-hole" in on:
            raise BlackHole
        return self._for_everything(on, request) or self._for_websockets(on, request)

    def _for_everything(self, on: frozenset[str], request: Request) -> Answer | None:
        if "B4-edge-identity-wall" in on:
            return Answer(403, b"RBAC: access denied")
        if "B8-no-healthy-backend" in on:
            return Answer(503, b"no healthy upstream")
        if "B11-default-virtual-host" in on:
            return Answer(404, b"default backend - 404")
        if "J6-maintenance-page" in on:
            return Answer(503, _MAINTENANCE, _PAGE, [(b"retry-after", b"120")])
        if "B9-redirect-to-https" in on:
            host = request.header(b"host") or b""
            return Answer(301, headers=[(b"location", b"https://" + host + request.target.encode("latin-1"))])
        if self._in_outage(on):
            return problem(503, "No pod of the service is running.", slug="no-pods")
        if "E7-edge-consumes-authorization" in on and request.header(b"authorization") is not None:
            challenge = [(b"www-authenticate", b'Bearer realm="staging-edge"')]
            return Answer(401, b"Invalid IAP credentials: unable to parse the token", headers=challenge)
        if "B10-trailing-slash-redirect-drops-authorization" in on:
            return _with_slash(request)
        return None

    def _for_websockets(self, on: frozenset[str], request: Request) -> Answer | None:
        if not request.for_gateway:
            return None
        if "B5-waf-blocks-user-agent" in on and _PYTHON.search(request.header(b"user-agent") or b"python"):
            return Answer(403, b"error code: 1010")
        if "B6-waf-blocks-websocket-path" in on:
            return Answer(403, _BLOCKED, _PAGE)
        if "B14-single-page-fallback" in on:
            return Answer(200, _INDEX, _PAGE)
        if not request.upgrade:
            return None
        if "A8-alpn-picks-h2" in on:
            return Answer(464)
        if "B13-login-redirect-on-upgrade" in on:
            return Answer(302, headers=[(b"location", _LOGIN)])
        if self._is_cold(on):
            return problem(503, "The gateway is starting.", slug="cold-start", headers=[(b"retry-after", b"1")])
        return None

    def alter(self, request: Request, instance: str) -> None:
        """Make of a request what a faulty edge forwards."""
        on = self._switches.faults
        if not on:
            return
        if "B1-authorization-dropped" in on or ("B2-authorization-dropped-on-upgrade" in on and request.upgrade):
            request.without(b"authorization")
        if "B3-upgrade-not-forwarded" in on:
            request.without(b"upgrade")
        if "B12-host-rewritten" in on:
            request.put(b"host", instance.encode() + b".staging.internal")
        if "B17-subprotocol-stripped" in on:
            request.without(b"sec-websocket-protocol")
        if "J8-wrong-base-path" in on and not request.path.startswith((*_OPEN, "/users")):
            request.target = f"/api{request.target}"
        if "B10-trailing-slash-redirect-drops-authorization" in on and _slashed(request):
            path, mark, query = request.target.partition("?")
            request.target = path[:-1] + mark + query

    def port(self, port: int) -> int:
        """Where a service is looked for."""
        if not self._switches.on("B7-bad-gateway"):
            return port
        if self._nowhere is None:  # bound, so that nothing else comes to listen there
            self._nowhere = socket.socket()
            self._nowhere.bind(("127.0.0.1", 0))
        nowhere: int = self._nowhere.getsockname()[1]
        return nowhere

    def limits(self) -> Limits:
        """When a WebSocket is cut."""
        on = self._switches.faults
        return Limits(
            idle=self._config.scaled(_IDLE_CUT) if "B15-idle-cut" in on else None,
            age=self._config.scaled(_REQUEST_TIMEOUT) if "B16-request-timeout-caps-socket" in on else None,
        )

    def _in_outage(self, on: frozenset[str]) -> bool:
        if "J3-recreate-outage" not in on:
            self._outage_since = None
            return False
        now = time.monotonic()
        if self._outage_since is None:
            self._outage_since = now
        return (now - self._outage_since) % self._config.scaled(_OUTAGE_EVERY) < self._config.scaled(_OUTAGE)

    def _is_cold(self, on: frozenset[str]) -> bool:
        now = time.monotonic()
        if "H1-cold-start" not in on:
            self._warm_at = self._cold_until = 0.0
            return False
        if now - self._warm_at > self._config.scaled(_COLD_AFTER):
            self._cold_until = now + self._config.scaled(_COLD_FOR)
        self._warm_at = now
        return now < self._cold_until


def _slashed(request: Request) -> bool:
    return len(request.path) > 1 and request.path.endswith("/")


def _with_slash(request: Request) -> Answer | None:
    """The redirect to the path with a slash, on another name of this host: clients drop their credential there."""
    if request.path.startswith(_OPEN) or request.for_gateway or _slashed(request):
        return None
    path, mark, query = request.target.partition("?")
    port = (request.header(b"host") or b"").rpartition(b":")[2]
    place = b"%s://localhost:%s%s" % (request.scheme.encode(), port, f"{path}/{mark}{query}".encode("latin-1"))
    return Answer(307, headers=[(b"location", place)])
