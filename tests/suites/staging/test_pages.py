"""A cursor leads through a list once, whatever is added to it meanwhile."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suites.staging.pages import cursor, listed, position
from suites.staging.problems import Problem
from suites.staging.resources import Action, Call


async def _nothing(call: Call) -> Any:
    raise AssertionError


def call(**query: str) -> Call:
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/things",
        "headers": [],
        "query_string": urlencode(query).encode(),
    }
    return Call(scope, None, Action(_nothing, ""), "")  # type: ignore[arg-type]


def asked(items: list[tuple[int, str]], **query: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(bytes(listed(call(**query), "things", items, str).body))
    return answer


@given(st.integers(-(2**40), 2**60), st.booleans())
def test_a_cursor_comes_back_as_it_was_made(n: int, descending: bool) -> None:
    assert position(cursor("threads", descending, n), "threads", descending) == n


@given(st.text(max_size=30))
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(Problem) as problem:
        position(text, "threads", False)
    assert (problem.value.status, problem.value.slug) == (422, "invalid")


@pytest.mark.parametrize(("kind", "descending"), [("messages", False), ("threads", True)])
def test_a_cursor_of_another_list_or_order_is_refused(kind: str, descending: bool) -> None:
    with pytest.raises(Problem):
        position(cursor("threads", False, 7), kind, descending)


def test_a_cursor_that_was_touched_is_refused() -> None:
    made = cursor("threads", False, 7)
    for at in range(len(made)):
        changed = made[:at] + ("A" if made[at] != "A" else "B") + made[at + 1 :]
        with pytest.raises(Problem):
            position(changed, "threads", False)


@pytest.mark.parametrize("order", ["asc", "desc"])
@given(st.integers(1, 5), st.integers(0, 12))
def test_pages_have_everything_once_though_things_are_added(order: str, limit: int, count: int) -> None:
    items = [(n, f"thing {n}") for n in range(1, count + 1)]
    seen: list[str] = []
    query = {"order": order, "limit": str(limit)}
    while True:
        page = asked(items, **query)
        seen += page["items"]
        assert page["has_more"] == (page["next_cursor"] is not None)
        if not page["has_more"]:
            break
        if len(items) < count + 5:
            items = [*items, (items[-1][0] + 1, "later")]
        query["cursor"] = page["next_cursor"]
    there = [name for name in seen if name != "later"]
    assert there == [f"thing {n}" for n in (range(1, count + 1) if order == "asc" else range(count, 0, -1))]


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "101"}, {"limit": "x"}, {"limit": "٣"}, {"order": "up"}])
def test_a_window_that_is_none_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(Problem):
        asked([], **query)


def test_the_link_names_the_next_page_and_keeps_the_rest() -> None:
    answer = listed(call(limit="1", title="a b"), "things", [(1, "a"), (2, "b")], str)

    assert answer.headers["link"].startswith("</things?limit=1&title=a+b&cursor=")
    assert answer.headers["link"].endswith('>; rel="next"')
