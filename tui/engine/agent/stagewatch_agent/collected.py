"""What the session needs to know of each collected test, to plan, name and order it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Callable

import pytest
from _pytest.mark import KeywordMatcher, MarkMatcher
from _pytest.mark.expression import Expression

from .mask import Mask

_TIER_MARKERS = {"p1", "p2", "p3", "p4", "p5", "p6", "tier"}


def describe(
    items: Iterable[Any], suites: list[dict[str, Any]], selection: dict[str, Any], mask: Mask
) -> Iterable[list[Any]]:
    """A row a test, in collected order; see ``engine.wire.Item`` for its fields."""
    claims = [_claim(suite) for suite in suites]
    is_selected = _claim(selection)
    units: dict[str, int] = {}
    for item in items:
        path, line, _ = item.location
        markers = [
            [mark.name.lower(), [mask(str(argument)) for argument in mark.args]]
            for mark in item.iter_markers()
            if mark.name.lower() in _TIER_MARKERS
        ]
        yield [
            mask(item.nodeid),
            path.replace("\\", "/"),
            (line if line is not None else -1) + 1,
            getattr(item, "originalname", None) or mask(item.name),
            [parent.name for parent in item.listchain() if isinstance(parent, pytest.Class)],
            markers,
            units.setdefault(_unit(item), len(units)),
            [index for index, claims_it in enumerate(claims) if claims_it(item)],
            is_selected(item),
        ]


def _unit(item: Any) -> str:
    """What has to stay on one worker: the module, or the package where a fixture lives as long as that."""
    fixtures = getattr(item, "_fixtureinfo", None)
    if fixtures is not None:
        for definitions in fixtures.name2fixturedefs.values():
            if any(definition.scope == "package" for definition in definitions):
                package = item.getparent(pytest.Package)
                if package is not None:
                    return f"package {package.nodeid}"
    return str(item.nodeid.partition("::")[0])


def _claim(suite: dict[str, Any]) -> Callable[[Any], bool]:
    paths = tuple(path.rstrip("/") for path in suite["paths"])
    markers = Expression.compile(suite["markers"]) if suite["markers"] else None
    keyword = Expression.compile(suite["keyword"]) if suite["keyword"] else None

    def claims(item: Any) -> bool:
        node = item.nodeid
        if paths and not any(
            path in ("", ".") or node == path or node.startswith((path + "/", path + "::", path + "["))
            for path in paths
        ):
            return False
        if markers is not None and not markers.evaluate(_mark_matcher(item)):
            return False
        return keyword is None or bool(keyword.evaluate(KeywordMatcher.from_item(item)))

    return claims


def _mark_matcher(item: Any) -> Any:
    if hasattr(MarkMatcher, "from_markers"):
        return MarkMatcher.from_markers(item.iter_markers())
    return MarkMatcher.from_item(item)  # pytest 7.4 to 8.2
