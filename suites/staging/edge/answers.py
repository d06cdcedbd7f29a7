"""What the edge answers itself, with the headers that the platform promises for every response."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any

from suites.staging.config import EDGE, PROBLEMS
from suites.staging.edge.request import Headers, Request
from suites.staging.switches import Switches
from suites.staging.web import SECURITY_HEADERS

SERVER = b"staging-edge"
VIA = b"1.1 staging-edge"
_TITLES = {
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    409: "Conflict",
    413: "Content Too Large",
    422: "Unprocessable Content",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    501: "Not Implemented",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}
_SLUGS = {
    400: "malformed",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    408: "request-timeout",
    409: "conflict",
    413: "too-large",
    422: "invalid",
    431: "header-too-large",
    500: "internal",
    501: "not-implemented",
    502: "bad-gateway",
    503: "unavailable",
    504: "gateway-timeout",
}


@dataclass
class Answer:
    """A whole response. ``problem``: it is problem+json; ``instance`` and ``request_id`` are added when it is sent."""

    status: int
    body: bytes = b""
    kind: str = "text/plain; charset=utf-8"
    headers: Headers = field(default_factory=list)
    problem: dict[str, Any] | None = None

    def content(self, request: Request, request_id: bytes) -> bytes:
        if self.problem is None:
            return self.body
        return json.dumps({**self.problem, "instance": request.path, "request_id": request_id.decode()}).encode()


def problem(
    status: int, detail: str, *, slug: str | None = None, headers: Headers | None = None, **more: Any
) -> Answer:
    """An error as problem+json; the slug is the status's own if none is given."""
    named = slug or _SLUGS[status]
    body = {"type": PROBLEMS + named, "title": _TITLES[status], "status": status, "detail": detail, **more}
    return Answer(status, kind="application/problem+json", headers=headers or [], problem=body)


def of_json(status: int, value: Any) -> Answer:
    """A JSON body."""
    return Answer(status, json.dumps(value).encode(), "application/json")


def promised(request: Request, switches: Switches, instance: str = EDGE) -> Headers:
    """What every response has, but for ``via``, as ``instance`` would say it."""
    return [
        (b"date", formatdate(switches.now(), usegmt=True).encode()),
        (b"x-request-id", request.identified()),
        (b"x-instance", instance.encode()),
        (b"x-revision", switches.revision.encode()),
        (b"traceparent", request.trace()),
        (b"cache-control", b"no-store"),
        (b"vary", b"Origin"),
        *SECURITY_HEADERS,
    ]


def complete(answer: Answer, request: Request, switches: Switches) -> tuple[Headers, bytes]:
    """Headers and body of an answer of the edge's own. A 204 has neither type nor length."""
    body = answer.content(request, request.identified())
    headers = [(b"server", SERVER), (b"via", VIA), *promised(request, switches)]
    if answer.status not in (204, 304):
        headers += [(b"content-type", answer.kind.encode()), (b"content-length", b"%d" % len(body))]
    replaced = {name for name, _ in answer.headers}
    return [pair for pair in headers if pair[0] not in replaced] + answer.headers, body
