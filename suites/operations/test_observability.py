"""What the platform tells those who run it: is it well, what runs there, what happened to this one request.

The counters of the metrics are looked at in an environment of the module's own, where nobody else is
counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from suites.client import Client, Environment
from suites.expect import problem
from suites.operations.prometheus import Samples, grown, samples, total

TRACE = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")
VERBS = {"get", "post", "put", "patch", "delete"}


async def measured(client: Client) -> Samples:
    response = await client.get("/metrics", anonymous=True)
    assert response.status_code == 200
    return samples(response.text)


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """The operations of an OpenAPI document, by method and path."""
    for path, item in document["paths"].items():
        for method in VERBS & set(item):
            yield method.upper(), path, item[method]


# Health, readiness, version -------------------------------------------------------------------------------------------


async def test_health_is_told_to_everybody(client: Client) -> None:
    response = await client.get("/health", anonymous=True)

    assert (response.status_code, response.json()) == (200, {"status": "ok"})
    assert response.headers["cache-control"] == "no-store"


async def test_readiness_names_everything_that_the_platform_needs(client: Client) -> None:
    response = await client.get("/ready", anonymous=True)

    assert response.status_code == 200
    assert response.json() == {"status": "ready", "checks": {"auth": "ok", "database": "ok", "gateway": "ok"}}


@pytest.mark.own_environment
async def test_readiness_says_what_is_down_and_health_stays_well(own: Environment, own_client: Client) -> None:
    assert (await own_client.get("/ready", anonymous=True)).status_code == 200

    await own.admin.set_fault("G6-auth-service-down")
    down = await own_client.get("/ready", anonymous=True)
    health = await own_client.get("/health", anonymous=True)
    await own.admin.clear_fault("G6-auth-service-down")

    assert down.status_code == 503
    checks = down.json()["checks"]
    assert checks["auth"] != "ok"
    assert (checks["database"], checks["gateway"]) == ("ok", "ok")
    assert (health.status_code, health.json()) == (200, {"status": "ok"})
    assert (await own_client.get("/ready", anonymous=True)).status_code == 200


async def test_the_version_says_what_runs_and_since_when(client: Client, thread: dict[str, Any]) -> None:
    response = await client.get("/version", anonymous=True)

    assert response.status_code == 200
    version = response.json()
    assert set(version) == {"service", "revision", "api", "started_at"}
    assert (version["service"], version["api"]) == ("staging", "1")
    assert version["revision"] == response.headers["x-revision"] != ""
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", version["started_at"])
    assert (
        version["started_at"] < client.user["created_at"]
        or version["started_at"] < (await client.create_thread())["created_at"]
    )


@pytest.mark.own_environment
async def test_a_deploy_is_seen_in_the_version_and_on_every_answer(own: Environment, own_client: Client) -> None:
    before = await own_client.call("GET", "/version")
    assert before["revision"] != "r-next"

    await own.admin.deploy("r-next")

    assert (await own_client.call("GET", "/version"))["revision"] == "r-next"
    for path in ("/users/me", "/threads", "/nowhere"):
        assert (await own_client.get(path)).headers["x-revision"] == "r-next"
    async with own_client.connect() as socket:
        assert socket.welcome["revision"] == "r-next"


# One request, followed ------------------------------------------------------------------------------------------------


async def test_a_request_keeps_the_id_that_it_came_with(client: Client) -> None:
    for id in ("deploy-7.step_1", "a", "x" * 64):
        for path in ("/users/me", "/threads", "/nowhere"):
            response = await client.get(path, headers={"x-request-id": id})
            assert response.headers["x-request-id"] == id, path

    refused = await client.get("/nowhere", headers={"x-request-id": "look-me-up"})
    assert problem(refused, 404, "not-found")["request_id"] == "look-me-up"


async def test_a_request_without_a_usable_id_gets_one_of_its_own(client: Client) -> None:
    sent = (None, None, "two words", "x" * 65, "semi;colon", "")

    answers = [await client.get("/threads", headers={} if id is None else {"x-request-id": id}) for id in sent]

    given = [response.headers["x-request-id"] for response in answers]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]{1,64}", id) for id in given)
    assert len({*given}) == len(sent)
    assert not {*given} & {*sent}


async def test_a_trace_is_carried_on_with_a_span_of_the_platforms_own(client: Client) -> None:
    trace, span = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"

    for path in ("/users/me", "/threads", "/nowhere"):
        spans = []
        for _ in range(2):
            response = await client.get(path, headers={"traceparent": f"00-{trace}-{span}-01"})
            match = TRACE.fullmatch(response.headers["traceparent"])
            assert match, path
            assert match[1] == trace
            spans.append(match[2])
        assert len({span, "0" * 16, *spans}) == 4


async def test_a_trace_that_is_none_is_replaced_by_a_new_one(client: Client) -> None:
    valid, span = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
    sent = (
        None,
        f"00-{'0' * 32}-{span}-01",
        f"00-{valid}-{'0' * 16}-01",
        f"00-{valid}-{span}",
        f"ff-{valid}-{span}-01",
    )

    traces = set()
    for traceparent in sent:
        headers = {} if traceparent is None else {"traceparent": traceparent}
        response = await client.get("/threads", headers=headers)
        match = TRACE.fullmatch(response.headers["traceparent"])
        assert match, traceparent
        traces.add(match[1])

    assert len(traces - {valid, "0" * 32}) == len(sent)


async def test_an_answer_says_which_instance_gave_it_and_which_way_it_came(client: Client) -> None:
    answers = {path: await client.get(path) for path in ("/users/me", "/.well-known/jwks.json", "/threads", "/health")}

    assert {path: answer.headers["x-instance"] for path, answer in answers.items()} == {
        "/users/me": "auth-1",
        "/.well-known/jwks.json": "auth-1",
        "/threads": "backend-1",
        "/health": "backend-1",
    }
    assert {answer.headers["via"] for answer in answers.values()} == {"1.1 staging-edge"}
    async with client.connect() as socket:
        assert socket.raw.response is not None
        assert socket.raw.response.headers["x-instance"] == socket.welcome["instance"]
        assert socket.welcome["instance"] in ("gateway-1", "gateway-2")


# Metrics --------------------------------------------------------------------------------------------------------------


async def test_metrics_are_prometheus_text_whose_histograms_add_up(client: Client) -> None:
    await client.get("/agents")

    response = await client.get("/metrics", anonymous=True)

    assert response.status_code == 200
    assert response.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert dict(re.findall(r"^# TYPE (\S+) (\S+)$", response.text, re.MULTILINE)) == {
        "http_requests_total": "counter",
        "http_request_duration_seconds": "histogram",
        "runs_total": "counter",
        "runs_active": "gauge",
        "events_total": "counter",
        "ws_connections": "gauge",
        "ws_messages_total": "counter",
    }
    found = samples(response.text)
    assert all("instance" in dict(labels) for _, labels in found)
    buckets: dict[frozenset[tuple[str, str]], dict[float, float]] = {}
    for (name, labels), value in found.items():
        if name == "http_request_duration_seconds_bucket":
            bound = dict(labels)["le"]
            buckets.setdefault(labels - {("le", bound)}, {})[float(bound)] = value
    assert buckets
    for labels, counts in buckets.items():
        in_order = [counts[bound] for bound in sorted(counts)]
        assert in_order == sorted(in_order)
        assert counts[float("inf")] == found["http_request_duration_seconds_count", labels]


@pytest.mark.own_environment
async def test_requests_are_counted_by_route_and_status_not_by_path(own_client: Client) -> None:
    threads = [(await own_client.create_thread())["id"] for _ in range(2)]
    before = await measured(own_client)

    for thread in (*threads, "thr_00000000000000000000"):
        await own_client.get(f"/threads/{thread}")

    after = await measured(own_client)
    counted = {
        labels: value - before.get((name, labels), 0)
        for (name, labels), value in after.items()
        if name == "http_requests_total" and ("route", "/threads/{id}") in labels and ("method", "GET") in labels
    }
    assert {(dict(labels)["service"], dict(labels)["status"]): value for labels, value in counted.items()} == {
        ("backend", "200"): 2,
        ("backend", "404"): 1,
    }
    assert not [labels for _, labels in after if any("thr_" in value for _, value in labels)]


@pytest.mark.own_environment
async def test_runs_and_events_are_counted_by_what_became_of_them(own_client: Client) -> None:
    thread = (await own_client.create_thread())["id"]
    before = await measured(own_client)

    await own_client.complete(thread, "analyst", "1 + 1 and 2 + 2")
    await own_client.complete(thread, "unreliable", "model")
    async with own_client.connect() as socket:
        await socket.subscribe(thread)
        slow = await own_client.start_run(thread, "slow", "2000")
        assert (await socket.next_event())["type"] == "agent_started"
    during = await measured(own_client)
    await own_client.cancel_run(slow["id"])
    await own_client.finished(slow["id"])
    after = await measured(own_client)

    assert [total(found, "runs_active") for found in (before, during, after)] == [0, 1, 0]
    for status in ("completed", "failed", "cancelled"):
        assert grown(before, after, "runs_total", status=status) == 1, status
    assert grown(before, after, "events_total", type="agent_started") == 3
    assert grown(before, after, "events_total", type="tool_completed") == 2
    assert grown(before, after, "events_total", type="agent_completed") == 1
    assert grown(before, after, "events_total", type="agent_failed") == 2


@pytest.mark.own_environment
async def test_sockets_and_their_messages_are_counted(own_client: Client) -> None:
    before = await measured(own_client)

    async with own_client.connect() as first, own_client.connect() as second:
        for socket in (first, second, second):
            await socket.ping()
        during = await measured(own_client)

    assert grown(before, during, "ws_connections") == 2
    assert grown(before, during, "ws_messages_total", direction="in") == 3
    # Two welcomes and three pongs.
    assert grown(before, during, "ws_messages_total", direction="out") == 5


# OpenAPI --------------------------------------------------------------------------------------------------------------


async def test_the_openapi_document_names_every_door_of_the_platform(client: Client) -> None:
    response = await client.get("/openapi.json", anonymous=True)

    assert response.status_code == 200
    document = response.json()
    assert re.fullmatch(r"3\.1\.\d+", document["openapi"])
    named = {(method, re.sub(r"\{[^}]+\}", "{}", path)) for method, path, _ in operations(document)}
    assert named >= {
        *(
            ("GET", path)
            for path in ("/health", "/ready", "/version", "/metrics", "/openapi.json", "/tenant", "/quotas")
        ),
        *((method, "/threads") for method in ("GET", "POST")),
        *((method, "/threads/{}") for method in ("GET", "PATCH", "DELETE")),
        *((method, f"/threads/{{}}/{what}") for method in ("GET", "POST") for what in ("messages", "runs")),
        *(("GET", path) for path in ("/threads/{}/messages/{}", "/threads/{}/events")),
        *(("GET", path) for path in ("/runs/{}", "/runs/{}/events", "/runs/{}/result")),
        ("POST", "/runs/{}/cancel"),
        *((method, "/agents") for method in ("GET", "POST")),
        *((method, "/agents/{}") for method in ("GET", "PATCH", "DELETE")),
        *(("GET", path) for path in ("/tools", "/tools/{}")),
        ("PATCH", "/tools/{}"),
        ("POST", "/tools/{}/invoke"),
        ("PATCH", "/tenant"),
        *(("POST", f"/auth/{what}") for what in ("login", "refresh", "revoke", "logout", "service-token")),
        *(("GET", path) for path in ("/auth/sessions", "/users/me", "/.well-known/jwks.json")),
        ("DELETE", "/auth/sessions/{}"),
        *((method, "/users") for method in ("GET", "POST")),
        *((method, "/users/{}") for method in ("GET", "PATCH", "DELETE")),
    }


async def test_the_openapi_document_says_truly_where_a_token_is_needed(client: Client) -> None:
    document = (await client.get("/openapi.json", anonymous=True)).json()

    said = {
        (method, path): operation.get("security")
        for method, path, operation in operations(document)
        if path != "/ws"  # which answers no request but a handshake
    }
    assert said[("GET", "/health")] is None
    assert said[("GET", "/threads")] == [{"bearer": []}]
    for (method, path), security in said.items():
        refused = {"bearer": "unauthenticated", "client": "invalid-client"}
        answer = await client.request(method, re.sub(r"\{[^}]+\}", "anything", path), anonymous=True)
        if security:
            (scheme,) = security[0]
            problem(answer, 401, refused[scheme])
        else:
            assert answer.status_code != 401, (method, path)
