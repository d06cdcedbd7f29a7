"""What only the services know of each other, and what they publish together."""

from __future__ import annotations

import httpx
import pytest

from tests.suites.staging.running import Running


@pytest.mark.parametrize("path", ["health", "metrics", "openapi", "introspect", "threads/thr_1/events"])
def test_nobody_comes_through_the_edge_to_what_is_internal(environment: Running, path: str) -> None:
    answer = environment.http.get(f"/internal/{path}", headers=environment.bearer)

    assert answer.status_code == 404
    assert answer.json()["type"].endswith("/not-found")


def test_what_is_published_is_what_both_services_route(environment: Running) -> None:
    paths = environment.http.get("/openapi.json").json()["paths"]

    assert {"/auth/login", "/users/{id}", "/.well-known/jwks.json", "/threads/{id}/runs", "/ws"} <= paths.keys()
    assert not [path for path in paths if path.startswith("/internal")]
    for path, operations in paths.items():
        for method, operation in operations.items():
            if path == "/ws":
                continue
            asked = environment.http.request(method, path.replace("{id}", "x").replace("{mid}", "x"))
            assert (asked.status_code == 401) == ("security" in operation), (method, path)


def test_all_services_count_in_one_text_with_each_family_once(environment: Running) -> None:
    text = environment.http.get("/metrics").text
    heads = [line for line in text.splitlines() if line.startswith("# TYPE")]

    assert len(heads) == len(set(heads))
    for instance in ("auth-1", "backend-1", "gateway-1", "gateway-2"):
        assert f'instance="{instance}"' in text


def test_an_answer_to_a_body_that_is_too_large_arrives_whoever_sent_it(environment: Running) -> None:
    body = b'{"title": "t"' + b" " * 3_000_000 + b"}"
    headers = {**environment.bearer, "content-type": "application/json"}
    for content in (body, iter([body[:1000], body[1000:]])):
        answer: httpx.Response = environment.http.post("/threads", content=content, headers=headers)
        assert answer.status_code == 413
        assert answer.json()["type"].endswith("/too-large")
