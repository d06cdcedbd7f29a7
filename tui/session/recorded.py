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
    actions = tuple(
        replace(each, command=tuple(recorded_text(part, mask) for part in each.command)) for each in plan.actions
    )
    return replace(
        plan, target=recorded_target(plan.target, mask), suites=recorded_suites(plan.suites), actions=actions
    )


def recorded_target(target: Target, mask: Callable[[str], str]) -> Target:
    base, ws, version, health = (
        None if url is None else recorded_text(url, mask)
        for url in (target.base_url, target.ws_url, target.version_url, target.health_url)
    )
    start = tuple(recorded_text(part, mask) for part in target.start)
    return replace(target, base_url=base, ws_url=ws, version_url=version, health_url=health, start=start)


def recorded_suites(suites: Iterable[Suite]) -> tuple[Suite, ...]:
    return tuple(replace(suite, env=dict.fromkeys(suite.env, MASKED)) for suite in suites)


def recorded_selection(selection: Selection, mask: Callable[[str], str]) -> Selection:
    return replace(
        selection,
        paths=tuple(recorded_text(path, mask) for path in selection.paths),
        keyword=recorded_text(selection.keyword, mask),
        markers=recorded_text(selection.markers, mask),
        pytest_args=tuple(recorded_text(argument, mask) for argument in selection.pytest_args),
    )


def recorded_text(text: str, mask: Callable[[str], str]) -> str:
    """Without what is secret, also a password in a URL."""
    return _PASSWORD.sub(rf"\g<user>{MASKED}", mask(text))
