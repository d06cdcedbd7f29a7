"""Which web pages may call: the allow-list, preflights, and the headers of an answer."""

from __future__ import annotations

from starlette.responses import Response

from suites.staging.answers import nothing
from suites.staging.config import ORIGINS
from suites.staging.problems import Problem
from suites.staging.switches import Switches

Headers = list[tuple[bytes, bytes]]

_METHODS = "GET, POST, PATCH, PUT, DELETE"
_REQUEST_HEADERS = (
    "authorization, content-type, idempotency-key, if-match, if-none-match, last-event-id, traceparent, x-request-id"
)
_EXPOSED = (
    b"etag, idempotency-replayed, link, location, ratelimit-limit, ratelimit-remaining, ratelimit-reset, retry-after, "
    b"x-request-id"
)
_LIFETIME = "600"


def allowed(origin: bytes, switches: Switches) -> bool:
    """Whether pages of this origin may call."""
    if switches.on("D4-allow-list-missing"):
        return False
    return origin.decode("latin-1") in ORIGINS


def preflight(origin: bytes, switches: Switches) -> Response:
    """The answer to a preflight. Its ``access-control-allow-origin`` comes with :func:`headers`, as everywhere.

    Raises :class:`Problem` for an origin that is not allowed.
    """
    if switches.on("D5-preflight-rejected"):
        raise Problem(405, "method-not-allowed", "OPTIONS is not answered here.", headers={"allow": _METHODS})
    if not allowed(origin, switches):
        raise Problem(403, "origin-not-allowed", "Pages of this origin may not call this service.")
    return nothing(
        {
            "access-control-allow-methods": _METHODS,
            "access-control-allow-headers": _REQUEST_HEADERS,
            "access-control-max-age": _LIFETIME,
        }
    )


def headers(origin: bytes | None, switches: Switches) -> Headers:
    """What an answer to a request of ``origin`` carries: nothing unless it is allowed."""
    if origin is None or not allowed(origin, switches):
        return []
    return [
        (b"access-control-allow-origin", origin),
        (b"access-control-allow-credentials", b"true"),
        (b"access-control-expose-headers", _EXPOSED),
    ]
