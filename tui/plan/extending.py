"""A plan that says only what is different: ``extends = "../stagewatch.toml"``.

Its tables stand over those of the plan it extends: ``[target]``, ``[run]`` and ``[gate]`` key by
key, each ``[[tier]]``, ``[[suite]]`` and ``[[action]]`` key by key over the one with the same id
(``key``, for actions); new ones come after those that are there. All that is checked of a plan is
checked on what comes of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tui.plan.locate import Place

_NAMED_BY = {"tier": "id", "suite": "id", "action": "key"}


def extend(base: Mapping[str, Any], own: Mapping[str, Any]) -> tuple[dict[str, Any], dict[Place, Place]]:
    """The raw plan that ``own`` makes of ``base``, and where its tables are written in ``own``."""
    merged: dict[str, Any] = {**base}
    written: dict[Place, Place] = {}
    for name, value in own.items():
        below = base.get(name)
        if name in _NAMED_BY and isinstance(value, list) and isinstance(below, list):
            merged[name] = _joined(name, below, value, written)
        elif isinstance(value, dict) and isinstance(below, dict):
            merged[name] = {**below, **value}
        else:
            merged[name] = value
    return merged, written


def _joined(name: str, below: list[Any], own: list[Any], written: dict[Place, Place]) -> list[Any]:
    joined = list(below)
    called = {each.get(_NAMED_BY[name]): index for index, each in enumerate(below) if isinstance(each, dict)}
    for index, each in enumerate(own):
        at = called.get(each.get(_NAMED_BY[name])) if isinstance(each, dict) else None
        if at is None:
            at = len(joined)
            joined.append(each)
        else:
            joined[at] = {**joined[at], **each}
        written[(name, at)] = (name, index)
    return joined
