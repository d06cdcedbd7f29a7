"""Every fault of auth, the backend and what they share: seen as the catalogue says, and gone when it is cleared."""

from __future__ import annotations

import base64
import json
import time
import uuid
from typing import Any

import httpx
import pytest

from tests.suites.staging.running import Running

GARBAGE = {"authorization": "Bearer garbage"}
ORIGIN = {"origin": "http://localhost:3000"}


def fresh(environment: Running) -> dict[str, str]:
    return {"authorization": f"Bearer {environment.login()['access_token']}"}


def slug(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition("/")[2]


def part(token: str, which: int) -> dict[str, Any]:
    text = token.split(".")[which]
    result: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return result


def well(environment: Running) -> bool:
    return environment.http.get("/threads", headers=fresh(environment)).status_code == 200


@pytest.fixture(autouse=True)
def left_well(environment: Running) -> Any:
    yield
    assert well(environment)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("F1-expired-token", "expired"),
        ("F2-not-yet-valid", "not valid yet"),
        ("F3-issued-in-future", "in the future"),
        ("F4-server-clock-wrong", "expired"),
        ("F5-wrong-audience", "audience"),
        ("F6-wrong-issuer", "issuer"),
        ("F7-token-of-another-environment", "key"),
        ("F8-rotated-secret", "signature"),
        ("F9-secret-newline", "signature"),
        ("F10-base64-secret", "signature"),
        ("F11-algorithm-not-allowed", "algorithm"),
        ("F12-stale-jwks", "key"),
        ("F13-required-claim-missing", "missing"),
        ("F14-truncated-token", "malformed"),
        ("G3-session-revoked", "revoked"),
    ],
)
def test_a_new_token_is_refused_for_the_reason_in_the_faults_name(
    environment: Running, fault: str, reason: str
) -> None:
    with environment.fault(fault):
        answer = environment.http.get("/threads", headers=fresh(environment))

    assert slug(answer) == (401, "invalid-token")
    assert reason in answer.json()["detail"]


def test_under_f4_only_auth_tells_the_right_time(environment: Running) -> None:
    with environment.fault("F4-server-clock-wrong"):
        dates = [environment.http.get(path).headers["date"] for path in ("/health", "/.well-known/jwks.json")]

    ahead, right = (time.mktime(time.strptime(date, "%a, %d %b %Y %H:%M:%S GMT")) for date in dates)
    assert 3595 < ahead - right < 3605


def test_under_f12_the_key_is_in_the_published_set(environment: Running) -> None:
    with environment.fault("F12-stale-jwks"):
        token = environment.login()["access_token"]
        published = environment.http.get("/.well-known/jwks.json").json()["keys"]

    assert part(token, 0)["kid"] in [key["kid"] for key in published]


def test_under_f8_to_f10_the_token_is_signed_with_a_shared_secret(environment: Running) -> None:
    with environment.fault("F9-secret-newline"):
        assert part(environment.login()["access_token"], 0)["alg"] == "HS256"


def test_g1_disables_the_first_user_and_no_other(environment: Running) -> None:
    name = f"other.{uuid.uuid4().hex[:12]}"
    other = {"user": name, "password": "a password of theirs"}
    made = environment.http.post(
        "/users", json={"name": name, "password": other["password"]}, headers=environment.bearer
    )
    assert made.status_code == 201
    with environment.fault("G1-user-disabled"):
        refused = environment.http.get("/threads", headers=fresh(environment))
        token = environment.http.post("/auth/login", json=other).json()["access_token"]
        fine = environment.http.get("/threads", headers={"authorization": f"Bearer {token}"})

    assert slug(refused) == (401, "invalid-token")
    assert fine.status_code == 200


def test_g2_takes_writing_from_the_first_user(environment: Running) -> None:
    with environment.fault("G2-scope-missing"):
        headers = fresh(environment)
        write = environment.http.post("/threads", json={"title": "t"}, headers=headers)
        read = environment.http.get("/threads", headers=headers)

    assert slug(write) == (403, "forbidden")
    assert read.status_code == 200


def test_under_g5_every_credential_gets_the_same_403(environment: Running) -> None:
    with environment.fault("G5-service-credential-wrong"):
        answers = [environment.http.get("/threads", headers=headers) for headers in (fresh(environment), GARBAGE)]
        health = environment.http.get("/health")

    assert [slug(answer) for answer in answers] == [(403, "forbidden")] * 2
    assert health.status_code == 200


def test_under_g6_login_and_every_credential_get_503(environment: Running) -> None:
    good = fresh(environment)
    with environment.fault("G6-auth-service-down"):
        answers = [environment.http.get("/threads", headers=headers) for headers in (good, GARBAGE)]
        login = environment.http.post("/auth/login", json={"user": "x", "password": "y"})
        ready = environment.http.get("/ready")

    assert [slug(answer) for answer in (*answers, login)] == [(503, "dependency-unavailable")] * 3
    assert ready.status_code == 503
    assert ready.json()["checks"] == {"auth": "unavailable", "database": "ok", "gateway": "ok"}


def test_d4_allows_no_origin(environment: Running) -> None:
    with environment.fault("D4-allow-list-missing"):
        preflight = environment.http.options("/threads", headers={**ORIGIN, "access-control-request-method": "GET"})
        answer = environment.http.get("/health", headers=ORIGIN)

    assert slug(preflight) == (403, "origin-not-allowed")
    assert "access-control-allow-origin" not in answer.headers


def test_d5_refuses_the_preflight_only(environment: Running) -> None:
    with environment.fault("D5-preflight-rejected"):
        preflight = environment.http.options("/threads", headers={**ORIGIN, "access-control-request-method": "GET"})
        answer = environment.http.get("/health", headers=ORIGIN)

    assert slug(preflight) == (405, "method-not-allowed")
    assert answer.headers["access-control-allow-origin"] == ORIGIN["origin"]


def test_d6_refuses_unsafe_methods_without_a_csrf_token_and_says_so(environment: Running) -> None:
    headers = fresh(environment)
    with environment.fault("D6-csrf-check"):
        refused = environment.http.post("/threads", json={"title": "t"}, headers=headers)
        accepted = environment.http.post("/threads", json={"title": "t"}, headers={**headers, "x-csrf-token": "t"})
        read = environment.http.get("/threads", headers=headers)

    assert slug(refused) == (403, "csrf-failed")
    assert "CSRF" in refused.json()["detail"]
    assert (accepted.status_code, read.status_code) == (201, 200)


def test_h2_lets_five_requests_a_minute_through(environment: Running) -> None:
    headers = fresh(environment)
    with environment.fault("H2-rate-limited"):
        answers = [environment.http.get("/threads", headers=headers) for _ in range(7)]

    assert slug(answers[-1]) == (429, "rate-limited")
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert sum(answer.status_code == 200 for answer in answers) <= 5


def test_j1_wants_a_field_that_nobody_sends(environment: Running) -> None:
    headers = fresh(environment)
    thread = environment.http.post("/threads", json={"title": "t"}, headers=headers).json()["id"]
    with environment.fault("J1-half-shipped"):
        answer = environment.http.post(f"/threads/{thread}/runs", json={"agent": "echo", "input": "x"}, headers=headers)

    assert slug(answer) == (422, "invalid")
    assert answer.json()["errors"] == [{"pointer": "/model", "message": "is required"}]


def test_j4_breaks_what_reads_threads(environment: Running) -> None:
    headers = fresh(environment)
    with environment.fault("J4-migration-missing"):
        threads = environment.http.get("/threads", headers=headers)
        agents = environment.http.get("/agents", headers=headers)

    assert slug(threads) == (500, "internal")
    assert agents.status_code == 200


def test_j5_takes_no_writes_and_is_not_ready(environment: Running) -> None:
    headers = fresh(environment)
    with environment.fault("J5-dependency-down"):
        write = environment.http.post("/threads", json={"title": "t"}, headers=headers)
        read = environment.http.get("/threads", headers=headers)
        ready, health = environment.http.get("/ready"), environment.http.get("/health")

    assert slug(write) == (503, "dependency-unavailable")
    assert (read.status_code, health.status_code, ready.status_code) == (200, 200, 503)
    assert ready.json()["checks"]["database"] == "unavailable"


def test_j7_hides_agents_and_runs(environment: Running) -> None:
    headers = fresh(environment)
    with environment.fault("J7-feature-flag-off"):
        agents = environment.http.get("/agents", headers=headers)
        threads = environment.http.get("/threads", headers=headers)

    assert slug(agents) == (404, "not-found")
    assert threads.status_code == 200
