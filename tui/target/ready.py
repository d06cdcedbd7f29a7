"""A started target's one line: where it answers, and what else tests need to know of it."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from msgspec.structs import replace

from tui.errors import StagewatchError
from tui.plan.model import Target
from tui.plan.tables import TARGET
from tui.plan.values import Unexpected, environment, kind

LONGEST = 64 * 1024
"""Bytes of the line."""
_URLS = ("base_url", "ws_url", "health_url", "version_url")
_EXPECTED = 'one line of JSON on its standard output, {"target": {…}, "env": {…}}'


class Ready(NamedTuple):
    """``target``: the plan's, with the URLs that were said. ``env``: for whoever runs tests; it may hold secrets."""

    target: Target
    env: dict[str, str]


def read_ready(line: bytes, target: Target) -> Ready:
    """What a line says. Raises StagewatchError for one that is something else; the line itself is never repeated."""
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        raise _mistake("something else first") from None
    if not isinstance(said, dict):
        raise _mistake(kind(said))
    urls, env = said.get("target", {}), said.get("env", {})
    if not isinstance(urls, dict):
        raise _mistake(f"{kind(urls)} as its target")
    changes = {key: _checked(key, urls[key]) for key in _URLS if urls.get(key) is not None}
    try:
        env = environment(env)
        for name, value in env.items():
            f"{name}{value}".encode()
    except Unexpected as wrong:
        where = f"its env ({wrong.inside[0]})" if wrong.inside and str(wrong.inside[0]).isprintable() else "its env"
        raise _mistake(f"{wrong.found} in {where}") from None
    except UnicodeEncodeError:
        raise _mistake("text in its env that is not UTF-8") from None
    return Ready(replace(target, **changes), env)


def _checked(key: str, value: object) -> Any:
    check = TARGET[key]
    assert callable(check)
    try:
        return check(value)
    except Unexpected as wrong:
        raise _mistake(f"{wrong.found} as its {key}, which is to be {wrong.expected}") from None


def _mistake(found: str) -> StagewatchError:
    return StagewatchError(f"the target's start command: expected {_EXPECTED} when it is ready, found {found}")
