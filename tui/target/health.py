"""Whether a target answers. Any HTTP answer is one, whatever its status: what it means the tests will tell."""

from __future__ import annotations

from collections.abc import Mapping

from tui.plan.model import Target
from tui.target.http import NoAnswer, certificates_of, get, may_be_asked, within_time

TRIES = 2


class Health:
    """The health URL of a target. ``environment``: what tests have in theirs, as for the certificates they trust."""

    def __init__(self, url: str, environment: Mapping[str, str]) -> None:
        self.url = url
        self._certificates = certificates_of(environment)

    async def ask(self) -> str | None:
        """Why there is no answer, in a few words; None when there is one."""
        why: str | None = None
        for _ in range(TRIES):
            try:
                await within_time(lambda: get(self.url, self._certificates), "health")
                return None
            except NoAnswer as no_answer:
                why = str(no_answer)
        return why


def health_of(target: Target, environment: Mapping[str, str]) -> Health | None:
    """None where there is no health URL, or where its host is one that must never be asked anything."""
    if target.health_url is None or not may_be_asked(target.health_url, target):
        return None
    return Health(target.health_url, environment)
