"""The limits on a user's requests and runs, and what answers say of them."""

from __future__ import annotations

from suites.staging.backend.limits import Buckets
from suites.staging.clock import Clock
from suites.staging.problems import Problem
from suites.staging.resources import Call
from suites.staging.switches import Switches

_FEW = 5


class Rates:
    """Kept in memory: a restart gives everybody a fresh minute."""

    def __init__(self, clock: Clock, switches: Switches) -> None:
        self._clock, self._switches = clock, switches
        self._requests, self._runs = Buckets(), Buckets()

    def request(self, call: Call) -> None:
        """One more request of the user. Raises 429."""
        size = call.user.limits["requests_per_minute"]
        if self._switches.on("H2-rate-limited"):
            size = _FEW
        bucket = self._requests.of(call.user.id, size, self._clock.now())
        allowed = bucket.take()
        call.headers["ratelimit-limit"] = str(size)
        call.headers["ratelimit-remaining"] = str(bucket.remaining)
        call.headers["ratelimit-reset"] = str(bucket.full_in)
        if not allowed:
            raise Problem(
                429,
                "rate-limited",
                "You send more requests than you may.",
                headers={"retry-after": str(bucket.next_in)},
            )

    def run(self, call: Call) -> None:
        """One more run of the user. Raises 429."""
        bucket = self._runs.of(call.user.id, call.user.limits["runs_per_minute"], self._clock.now())
        if not bucket.take():
            raise Problem(
                429,
                "run-limit",
                "You start more runs than you may.",
                headers={"retry-after": str(bucket.next_in)},
            )
