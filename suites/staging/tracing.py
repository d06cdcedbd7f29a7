"""Request ids and trace contexts: taken over from the request where they are valid, else made."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_PARENT = re.compile(rb"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")


@dataclass(slots=True)
class Trail:
    """How one request can be found again. ``route`` is the template of its path, once that is known."""

    request_id: str
    trace: str
    span: str
    flags: str
    route: str = ""

    @property
    def traceparent(self) -> str:
        """This service's own, to answer with and to call others with."""
        return f"00-{self.trace}-{self.span}-{self.flags}"


def follow(request_id: bytes | None, traceparent: bytes | None) -> Trail:
    """The trail of a request with these headers. An invalid header counts as none (W3C Trace Context, 3.2)."""
    if request_id is None or not _REQUEST_ID.fullmatch(request_id):
        request_id = secrets.token_hex(16).encode()
    trace, flags = _trace(traceparent) or (secrets.token_hex(16), "01")
    return Trail(request_id.decode(), trace, secrets.token_hex(8), flags)


def _trace(traceparent: bytes | None) -> tuple[str, str] | None:
    if traceparent is None or not (found := _PARENT.fullmatch(traceparent)):
        return None
    version, trace, span, flags, more = found.groups()
    if version == b"ff" or (version == b"00" and more) or not trace.strip(b"0") or not span.strip(b"0"):
        return None
    return trace.decode(), flags.decode()
