"""P6, monitoring and operations: what those see who run the platform.

Covers the promises of health, readiness, version and metrics, of request and trace ids, of who
answered, of the published interface, and of restarts and deploys (on an environment of this module's own).
"""

from __future__ import annotations

import re
import secrets

import pytest

from suites.client import Client, Environment
from suites.expect import problem
from suites.priority.steps import settles

own_environment = pytest.mark.own_environment

AUTH_DOWN = "G6-auth-service-down"


async def metrics(client: Client) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """What the metrics say now: a number by name and labels."""
    text = (await client.get("/metrics", anonymous=True)).text
    lines = re.findall(r"^(\w+)(?:\{(.*)\})? (\S+)$", text, re.MULTILINE)
    return {(name, frozenset(re.findall(r'(\w+)="([^"]*)"', labels))): float(value) for name, labels, value in lines}


async def total(client: Client, name: str, **labels: str) -> float:
    """The sum over all instances of a metric with these labels."""
    wanted = labels.items()
    return sum(value for (found, its), value in (await metrics(client)).items() if found == name and wanted <= its)


# Health, readiness, version ----------------------------------------------------------------------


@own_environment
async def test_health_says_that_the_service_lives_also_while_another_is_down(
    own: Environment, own_client: Client
) -> None:
    well = await own_client.get("/health", anonymous=True)
    await own.admin.set_fault(AUTH_DOWN)
    while_down = await own_client.get("/health", anonymous=True), await own_client.get("/threads")
    await own.admin.clear_fault(AUTH_DOWN)

    assert (well.status_code, well.json(), well.headers["x-instance"]) == (200, {"status": "ok"}, "backend-1")
    assert (while_down[0].status_code, while_down[0].json()) == (200, {"status": "ok"})
    problem(while_down[1], 503, "dependency-unavailable")


async def test_readiness_names_all_that_the_platform_needs(client: Client) -> None:
    ready = await client.get("/ready", anonymous=True)

    assert ready.status_code == 200
    assert ready.json() == {"status": "ready", "checks": {"auth": "ok", "database": "ok", "gateway": "ok"}}


@own_environment
async def test_readiness_says_which_check_fails_until_it_passes_again(own: Environment, own_client: Client) -> None:
    await own.admin.set_fault(AUTH_DOWN)
    down = await own_client.get("/ready", anonymous=True)
    await own.admin.clear_fault(AUTH_DOWN)
    up = await own_client.get("/ready", anonymous=True)

    checks = down.json()["checks"]
    assert down.status_code == 503
    assert [name for name, state in checks.items() if state != "ok"] == ["auth"]
    assert checks.keys() == {"auth", "database", "gateway"}
    assert (up.status_code, up.json()["status"]) == (200, "ready")


async def test_the_version_is_the_revision_that_every_service_says_it_is(member: Client) -> None:
    version = (await member.get("/version", anonymous=True)).json()
    answers = [await member.get(path) for path in ("/threads", "/users/me", "/no/such/path")]
    async with member.connect() as socket:
        welcomed = socket.welcome["revision"]

    assert (version["service"], version["api"]) == ("staging", "1")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", version["started_at"])
    assert {answer.headers["x-revision"] for answer in answers} | {welcomed} == {version["revision"]}


@own_environment
async def test_a_deploy_is_seen_at_once_by_whoever_looks(own: Environment, own_client: Client) -> None:
    before = (await own_client.call("GET", "/version"))["revision"]
    revision = secrets.token_hex(6)

    await own.admin.deploy(revision)

    assert before != revision
    assert (await own_client.call("GET", "/version"))["revision"] == revision
    assert (await own_client.get("/users/me")).headers["x-revision"] == revision
    async with own_client.connect() as socket:
        assert socket.welcome["revision"] == revision


# Who answered what -------------------------------------------------------------------------------


async def test_a_request_keeps_its_id_and_one_that_cannot_be_an_id_is_replaced(client: Client) -> None:
    own_id = f"deploy-{secrets.token_hex(8)}"

    kept = await client.get("/no/such/path", headers={"x-request-id": own_id})
    replaced = [await client.get("/threads", headers={"x-request-id": bad}) for bad in ("no id!", "x" * 65)]

    assert kept.headers["x-request-id"] == own_id
    assert problem(kept, 404, "not-found")["request_id"] == own_id
    ids = [answer.headers["x-request-id"] for answer in replaced]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]{1,64}", id) for id in ids)
    assert len(set(ids)) == 2


async def test_a_trace_goes_on_under_its_id_with_a_new_span(client: Client) -> None:
    trace, span = secrets.token_hex(16), secrets.token_hex(8)

    traced = [
        (await client.get(path, headers={"traceparent": f"00-{trace}-{span}-01"})).headers["traceparent"].split("-")
        for path in ("/threads", "/users/me")
    ]
    untraced = (await client.get("/threads", headers={"traceparent": "00-not-a-trace"})).headers["traceparent"]

    assert [parts[1] for parts in traced] == [trace, trace]
    assert len({span, *(parts[2] for parts in traced)}) == 3
    assert re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}", untraced)
    assert trace not in untraced


@own_environment
async def test_every_answer_names_the_instance_that_gave_it(own: Environment, own_client: Client) -> None:
    answers = {
        "auth-1": await own_client.get("/users/me"),
        "backend-1": await own_client.get("/threads"),
        "edge-1": await own.admin.call("GET"),
    }
    async with own_client.connect() as first, own_client.connect() as second:
        gateways = {socket.welcome["instance"] for socket in (first, second)}

    assert [(name, answer.headers["x-instance"]) for name, answer in answers.items()] == [(n, n) for n in answers]
    assert {answer.headers["via"] for answer in answers.values()} == {"1.1 staging-edge"}
    assert gateways == {"gateway-1", "gateway-2"}


# Metrics -----------------------------------------------------------------------------------------


@own_environment
async def test_the_metrics_count_requests_by_route_and_status(own: Environment, own_client: Client) -> None:
    published = (await own_client.call("GET", "/openapi.json"))["paths"]
    [one_thread] = [path for path in published if re.fullmatch(r"/threads/\{\w+\}", path)]
    wanted = (("POST", "/threads", "201"), ("POST", "/threads", "422"), ("GET", one_thread, "200"))

    async def counted() -> list[float]:
        return [
            await total(own_client, "http_requests_total", service="backend", method=method, route=route, status=status)
            for method, route, status in wanted
        ]

    before = await counted()
    threads = [await own_client.create_thread() for _ in range(3)]
    await own_client.post("/threads", {"title": ""})
    for thread in threads[:2]:
        await own_client.thread(thread["id"])

    assert [now - then for now, then in zip(await counted(), before, strict=True)] == [3, 1, 2]


@own_environment
async def test_the_metrics_count_runs_by_their_end_and_events_by_their_type(
    own: Environment, own_client: Client
) -> None:
    wanted = (
        ("runs_total", {"status": "completed"}),
        ("runs_total", {"status": "failed"}),
        ("events_total", {"type": "agent_started"}),
        ("events_total", {"type": "tool_completed"}),
        ("events_total", {"type": "agent_failed"}),
    )

    async def counted() -> list[float]:
        return [await total(own_client, name, **labels) for name, labels in wanted]

    before = await counted()
    thread = (await own_client.create_thread())["id"]
    for agent, input in (("analyst", "1 + 1"), ("echo", "hello"), ("unreliable", "model")):
        await own_client.complete(thread, agent, input)

    assert [now - then for now, then in zip(await counted(), before, strict=True)] == [2, 1, 3, 1, 1]


@own_environment
async def test_the_metrics_show_the_connections_that_are_open(own: Environment, own_client: Client) -> None:
    async def connections() -> float:
        return await total(own_client, "ws_connections")

    async def received() -> float:
        return await total(own_client, "ws_messages_total", direction="in")

    assert await settles(connections, 0.0, within=own.target.timeout) == 0
    async with own_client.connect() as first, own_client.connect():
        before = await received()
        await first.ping()
        assert (await connections(), await received()) == (2, before + 1)
    assert await settles(connections, 0.0, within=own.target.timeout) == 0


async def test_the_metrics_of_durations_are_a_histogram(client: Client) -> None:
    await client.get("/threads")
    found = await metrics(client)

    histograms: dict[frozenset[tuple[str, str]], list[tuple[float, float]]] = {}
    for (name, labels), value in found.items():
        if name == "http_request_duration_seconds_bucket":
            [bound] = [float(value) for label, value in labels if label == "le"]
            series = frozenset(pair for pair in labels if pair[0] != "le")
            histograms.setdefault(series, []).append((bound, value))

    assert {dict(series)["service"] for series in histograms} >= {"backend"}
    for series, buckets in histograms.items():
        counts = [count for _, count in sorted(buckets)]
        assert counts == sorted(counts)
        assert counts[-1] == found["http_request_duration_seconds_count", series] > 0
        assert found["http_request_duration_seconds_sum", series] > 0


# The interface, restarts -------------------------------------------------------------------------


async def test_what_the_published_interface_says_is_protected_refuses_whoever_shows_no_token(client: Client) -> None:
    interface = await client.call("GET", "/openapi.json", anonymous=True)
    schemes = interface["components"]["securitySchemes"]
    [bearer] = [name for name, scheme in schemes.items() if scheme["scheme"] == "bearer"]
    protected = {
        (method.upper(), re.sub(r"\{\w+\}", "nothing-of-this-name", path))
        for path, methods in interface["paths"].items()
        for method, operation in methods.items()
        if operation.get("security") == [{bearer: []}] and path != "/ws"
    }

    assert interface["openapi"].startswith("3.1")
    assert protected >= {("POST", "/threads"), ("GET", "/users/me"), ("POST", "/tools/nothing-of-this-name/invoke")}
    for method, path in sorted(protected):
        refused = await client.request(method, path, anonymous=True)
        problem(refused, 401, "unauthenticated")
        assert refused.headers["www-authenticate"] == "Bearer", (method, path)


@own_environment
async def test_a_restarted_service_is_a_new_process_behind_the_same_door(own: Environment, own_client: Client) -> None:
    before = (await own.admin.status())["services"]

    restarted = await own.admin.restart("backend-1")
    after = (await own.admin.status())["services"]

    assert before.keys() == {"auth-1", "backend-1", "gateway-1", "gateway-2", "edge-1"}
    assert (restarted["service"], restarted["old"], restarted["new"]) == (
        "backend-1",
        before["backend-1"],
        after["backend-1"],
    )
    assert {name for name in before if before[name] != after[name]} == {"backend-1"}
    assert (await own_client.get("/threads")).headers["x-instance"] == "backend-1"


@own_environment
async def test_a_gateway_that_restarts_says_so_to_its_sockets_and_the_others_stay(
    own: Environment, own_client: Client
) -> None:
    async with own_client.connect() as first, own_client.connect() as second:
        leaving, staying = sorted((first, second), key=lambda socket: socket.welcome["instance"])
        await own.admin.restart(leaving.welcome["instance"])
        end = await leaving.closed()
        assert (await staying.ping())["type"] == "pong"

    assert (end.code, end.reason) == (1012, "service restart")
    async with own_client.connect() as one, own_client.connect() as other:
        assert {socket.welcome["instance"] for socket in (one, other)} == {"gateway-1", "gateway-2"}
