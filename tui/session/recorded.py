"""What of a plan and a command line may be recorded and shown: all of it but what may be a secret.

A run needs the values, and gets them from the request; the journal lives longer, and is handed on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from msgspec.structs import replace

from tui.plan.model import Plan, Selection, Suite, Target

MASKED = "‹masked›"
"""As the agent's mask has it."""

_PASSWORD = re.compile(r"(?P<user>://[^/?#\\\s:@]*:)[^/?#\\\s]+(?=@)")
"""In a URL."""


def recorded_plan(plan: Plan, mask: Callable[[str], str]) -> Plan:
    """With the names in the suites' environments, not the values. Credentials are references already."""
    return replace(plan, target=recorded_target(plan.target, mask), suites=recorded_suites(plan.suites))


def recorded_target(target: Target, mask: Callable[[str], str]) -> Target:
    base, ws, version, health = (
        None if url is None else _text(url, mask)
        for url in (target.base_url, target.ws_url, target.version_url, target.health_url)
    )
    start = tuple(_text(part, mask) for part in target.start)
    return replace(target, base_url=base, ws_url=ws, version_url=version, health_url=health, start=start)


def recorded_suites(suites: Iterable[Suite]) -> tuple[Suite, ...]:
    return tuple(replace(suite, env=dict.fromkeys(suite.env, MASKED)) for suite in suites)


def recorded_selection(selection: Selection, mask: Callable[[str], str]) -> Selection:
    return replace(
        selection,
        paths=tuple(_text(path, mask) for path in selection.paths),
        keyword=_text(selection.keyword, mask),
        markers=_text(selection.markers, mask),
        pytest_args=tuple(_text(argument, mask) for argument in selection.pytest_args),
    )


def _text(text: str, mask: Callable[[str], str]) -> str:
    return _PASSWORD.sub(rf"\g<user>{MASKED}", mask(text))
