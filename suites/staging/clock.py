"""What time it is for a service, and how times are written."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import formatdate
from functools import lru_cache

from suites.staging.config import AUTH
from suites.staging.switches import Switches

_AN_HOUR = 3600.0


class Clock:
    """The clock of the service ``instance``: the environment's, unless a fault set it wrong."""

    def __init__(self, switches: Switches, instance: str) -> None:
        self._switches = switches
        self._may_be_wrong = instance != AUTH

    def now(self) -> float:
        """Seconds since the epoch."""
        now = self._switches.now()
        if self._may_be_wrong and self._switches.on("F4-server-clock-wrong"):
            return now + _AN_HOUR
        return now

    def stamp(self) -> str:
        """Now, as :func:`written`."""
        return written(self.now())


def written(seconds: float) -> str:
    """RFC 3339 in UTC with milliseconds: ``2026-11-25T02:04:35.120Z``."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def http_date(seconds: float) -> bytes:
    """As the ``date`` header has it."""
    return _http_date(int(seconds))


@lru_cache(maxsize=8)
def _http_date(seconds: int) -> bytes:
    return formatdate(seconds, usegmt=True).encode()
