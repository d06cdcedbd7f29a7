"""Looks at every call before it does anything: is it there, who is it, how often, and may they."""

from __future__ import annotations

from suites.staging.backend.rates import Rates
from suites.staging.backend.runs_api import FEATURE
from suites.staging.problems import not_found, unavailable
from suites.staging.resources import ANYBODY, SERVICE, SIGNED_IN, Call
from suites.staging.switches import Switches
from suites.staging.verify import Verifier

_READING = ("GET", "HEAD")


class Guard:
    """Raises a :class:`Problem` for what may not be done."""

    def __init__(self, verifier: Verifier, rates: Rates, switches: Switches) -> None:
        self._verifier, self._rates, self._switches = verifier, rates, switches

    async def __call__(self, call: Call) -> None:
        if call.feature == FEATURE and self._switches.on("J7-feature-flag-off"):
            raise not_found()
        needs = call.action.needs
        if needs == ANYBODY:
            return
        if needs == SERVICE:
            await self._verifier.service(call.bearer)
            return
        call.user = await self._verifier.identity(call.bearer)
        self._rates.request(call)
        if needs != SIGNED_IN:
            call.user.require(needs)
        if call.method not in _READING and self._switches.on("J5-dependency-down"):
            raise unavailable("The database does not answer.")
