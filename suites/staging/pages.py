"""Lists, a page at a time. A cursor names the last item seen, so that it holds whatever is added meanwhile."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2s
from typing import Any
from urllib.parse import urlencode

from suites.staging.answers import Json
from suites.staging.problems import invalid
from suites.staging.resources import Call

LIST_QUERY = ("limit", "cursor", "order")
"""The parameters of every list."""

DEFAULT, MOST = 20, 100


@dataclass(frozen=True)
class Window:
    """Which items are asked for: those after the position ``after``, in this order, at most ``limit``."""

    kind: str
    limit: int
    descending: bool
    after: int | None

    def clause(self, column: str = "n") -> tuple[str, tuple[int, ...]]:
        """The end of a query, after a ``WHERE …``, and its values. One row too many tells that there are more."""
        order = "DESC" if self.descending else "ASC"
        end = f" ORDER BY {column} {order} LIMIT {self.limit + 1}"
        if self.after is None:
            return end, ()
        return f" AND {column} {'<' if self.descending else '>'} ?{end}", (self.after,)


def window(call: Call, kind: str) -> Window:
    """What the query of a call asks for. ``kind``: which list; a cursor of another one is a bad one. Raises 422."""
    limit = call.query.get("limit")
    if limit is not None and not (limit.isascii() and limit.isdigit() and len(limit) < 4 and 1 <= int(limit) <= MOST):
        raise invalid(f"must be a whole number from 1 to {MOST}", "/limit")
    order = call.query.get("order", "asc")
    if order not in ("asc", "desc"):
        raise invalid("must be one of asc, desc", "/order")
    descending = order == "desc"
    cursor = call.query.get("cursor")
    after = None if cursor is None else position(cursor, kind, descending)
    return Window(kind, DEFAULT if limit is None else int(limit), descending, after)


def page(call: Call, asked: Window, rows: Sequence[Any], show: Callable[[Any], Any], column: str = "n") -> Json:
    """The answer: ``rows`` as :meth:`Window.clause` had them found, each as ``show`` shows it."""
    more = len(rows) > asked.limit
    rows = rows[: asked.limit]
    following = cursor(asked.kind, asked.descending, rows[-1][column]) if more else None
    headers = {}
    if following is not None:
        kept = [(name, value) for name, value in call.query.multi_items() if name != "cursor"]
        headers["link"] = f'<{call.path}?{urlencode([*kept, ("cursor", following)])}>; rel="next"'
    return Json({"items": [show(row) for row in rows], "next_cursor": following, "has_more": more}, headers=headers)


def listed(call: Call, kind: str, items: Iterable[tuple[int, Any]], show: Callable[[Any], Any]) -> Json:
    """The answer from what is in memory: ``(position, item)`` in the order of creation."""
    asked = window(call, kind)
    rows = [{"n": n, "item": item} for n, item in items]
    if asked.after is not None:
        rows = [row for row in rows if (row["n"] < asked.after if asked.descending else row["n"] > asked.after)]
    if asked.descending:
        rows.reverse()
    return page(call, asked, rows[: asked.limit + 1], lambda row: show(row["item"]))


def cursor(kind: str, descending: bool, n: int) -> str:
    """Opaque to clients: the position, and a check that it is one of this list and order."""
    return base64.urlsafe_b64encode(f"{n}.{_check(kind, descending, n)}".encode()).decode().rstrip("=")


def position(text: str, kind: str, descending: bool) -> int:
    """Of a cursor. Raises 422 for anything that :func:`cursor` did not make."""
    try:
        decoded = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True).decode("ascii")
        number, _, check = decoded.partition(".")
        n = int(number)
    except (binascii.Error, ValueError):
        raise invalid("is no cursor", "/cursor") from None
    if check != _check(kind, descending, n) or cursor(kind, descending, n) != text:
        raise invalid("is no cursor of this list", "/cursor")
    return n


def _check(kind: str, descending: bool, n: int) -> str:
    return blake2s(f"{kind}\n{descending}\n{n}".encode(), digest_size=6).hexdigest()
