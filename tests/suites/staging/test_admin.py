"""The environment's own endpoints."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx
import psutil
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from suites.staging.faults import FAULTS
from tests.suites.staging.running import ROOT, Running, none_left, running


@pytest.mark.parametrize("key", [{}, {"x-staging-key": "wrong"}, {"x-staging-key": "é".encode()}])
def test_without_its_key_nothing_is_told_and_nothing_is_done(environment: Running, key: dict[str, str]) -> None:
    for method, path in (("GET", ""), ("PUT", "/faults/B7-bad-gateway"), ("GET", "/nothing")):
        assert environment.http.request(method, f"/_staging{path}", headers=key).status_code == 403


def test_it_says_what_runs(environment: Running) -> None:
    told = environment.admin("GET").json()

    assert (told["environment"], told["faults"], told["time_scale"]) == ("embedded", [], 60)
    assert set(told["services"]) == {"auth-1", "backend-1", "gateway-1", "gateway-2", "edge-1"}
    assert all(psutil.pid_exists(pid) for pid in told["services"].values())


def test_a_fault_comes_with_the_next_request_and_goes_with_the_one_after(environment: Running) -> None:
    with environment.fault("J6"):
        broken = environment.http.get("/health")
        assert (broken.status_code, broken.headers["retry-after"]) == (503, "120")
        listed = environment.admin("GET", "/faults").json()["items"]
        assert [item["name"] for item in listed if item["on"]] == ["J6-maintenance-page"]
        assert len(listed) == len(FAULTS)
    assert environment.http.get("/health").status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("PUT", "/faults/Z9-nonsense", None, 404),
        ("PUT", "/faults/A2-nothing-listens", None, 409),
        ("DELETE", "/faults/E1-no-credential-sent", None, 409),
        ("POST", "/faults/B7-bad-gateway", None, 405),
        ("POST", "/revision", {"revision": "not a name"}, 422),
        ("POST", "/clock", {"offset": "soon"}, 422),
        ("POST", "/services/nobody-1/restart", {"how": "kill"}, 404),
        ("POST", "/services/auth-1/restart", {"how": "gently"}, 422),
        ("POST", "/environments", {"faults": ["Z9"]}, 422),
        ("POST", "/environments", {"time_scale": 0}, 422),
        ("DELETE", "/environments/env_none", None, 404),
        ("GET", "/nothing", None, 404),
        ("POST", "/revision", [1], 400),
    ],
)
def test_what_cannot_be_done_is_said(environment: Running, method: str, path: str, body: object, status: int) -> None:
    assert environment.admin(method, path, body).status_code == status


def test_a_revision_is_what_every_service_says_from_then_on(environment: Running) -> None:
    assert environment.admin("POST", "/revision", {"revision": "2026.2"}).json() == {"revision": "2026.2"}
    for path in ("/health", "/users/me", "/_staging"):
        assert environment.http.get(path).headers["x-revision"] == "2026.2"
    assert environment.http.get("/version").json()["revision"] == "2026.2"
    with environment.socket() as socket:
        assert json.loads(socket.recv(5))["revision"] == "2026.2"
    environment.admin("POST", "/revision", {"revision": "1"})


def test_while_one_is_rolled_out_both_revisions_are_served(environment: Running) -> None:
    environment.admin("POST", "/revision", {"revision": "2", "rolling": True})
    deadline, seen = time.monotonic() + 20, set()
    while seen != {"1", "2"}:
        assert time.monotonic() < deadline, seen
        seen.add(environment.http.get("/version").json()["revision"])
    environment.admin("POST", "/revision", {"revision": "2"})
    assert {environment.http.get("/version").json()["revision"] for _ in range(20)} == {"2"}
    assert environment.admin("POST", "/revision", {"revision": "2", "rolling": 1}).status_code == 422
    environment.admin("POST", "/revision", {"revision": "1"})


def test_the_clock_of_every_service_goes_ahead_and_tokens_expire_by_it(environment: Running) -> None:
    token = environment.login(expires_in=300)["access_token"]
    with environment.socket(additional_headers={"authorization": f"Bearer {token}"}) as socket:
        socket.recv(5)
        environment.admin("POST", "/clock", {"offset": 3600})
        try:
            for path in ("/health", "/users/me", "/_staging"):
                date = parsedate_to_datetime(environment.http.get(path).headers["date"])
                assert 3590 < date.timestamp() - time.time() < 3610
            with pytest.raises(ConnectionClosed) as closed:
                socket.recv(5)
        finally:
            environment.admin("POST", "/clock", {"offset": 0})
    assert closed.value.rcvd is not None and closed.value.rcvd.code == 4401


@pytest.mark.parametrize("how", ["term", "kill"])
@pytest.mark.parametrize("service", ["auth-1", "backend-1", "gateway-2", "edge-1"])
def test_a_restart_is_over_when_it_is_answered(environment: Running, service: str, how: str) -> None:
    before = environment.services()

    answer = environment.admin("POST", f"/services/{service}/restart", {"how": how})

    assert answer.status_code == 200, answer.text
    environment.http.close()
    environment.http = httpx.Client(base_url=environment.base_url, timeout=10)
    after = environment.services()
    assert answer.json() == {"service": service, "old": before[service], "new": after[service]}
    assert before[service] != after[service]
    assert environment.http.get("/ready").status_code == 200


def test_an_environment_of_ones_own_is_another_one_and_ends_when_told(environment: Running) -> None:
    made = environment.admin("POST", "/environments", {"faults": ["B8"], "time_scale": 10}).json()
    key = {"x-staging-key": made["env"]["STAGING_ADMIN_KEY"]}
    with httpx.Client(base_url=made["env"]["STAGING_BASE_URL"]) as other:
        assert other.get("/health").text == "no healthy upstream"
        told = other.get("/_staging", headers=key).json()
    assert (told["faults"], told["time_scale"]) == (["B8-no-healthy-backend"], 10)
    assert environment.http.get("/health").status_code == 200
    processes = [psutil.Process(pid) for pid in told["services"].values()]

    assert environment.admin("DELETE", f"/environments/{made['id']}").status_code == 204

    assert not any(process.is_running() for process in processes)


def test_an_environment_of_ones_own_gets_its_variables(environment: Running) -> None:
    made = environment.admin("POST", "/environments", {"env": {"STAGING_HEARTBEAT": "0.5"}}).json()
    login = {"user": made["env"]["STAGING_USER"], "password": made["env"]["STAGING_PASSWORD"]}
    token = httpx.post(f"{made['target']['base_url']}/auth/login", json=login).json()["access_token"]
    with connect(made["target"]["ws_url"], additional_headers={"authorization": f"Bearer {token}"}) as socket:
        assert json.loads(socket.recv(5))["heartbeat"] == 0.5
    assert environment.admin("DELETE", f"/environments/{made['id']}").status_code == 204


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_an_environment_of_ones_own_ends_with_its_parent(how: signal.Signals) -> None:
    with running() as parent:
        made = parent.admin("POST", "/environments", {}).json()
        assert httpx.get(made["target"]["health_url"]).status_code == 200
        processes = parent.processes()
        assert len(processes) == 12
        before = set(Path(tempfile.gettempdir()).glob("staging-*"))

        parent.process.send_signal(how)

        assert none_left(processes)
        assert len(before - set(Path(tempfile.gettempdir()).glob("staging-*"))) >= 2


def test_an_action_of_the_plan_takes_every_fault_back_and_names_what_it_can_not() -> None:
    with running("--fault", "B7", "--fault", "J6") as started:
        for said in (["B7-bad-gateway is mended", "J6-maintenance-page is mended"], ["no fault is set"]):
            mended = subprocess.run(
                [sys.executable, "-m", "suites.clear_faults"], cwd=ROOT, env={**os.environ, **started.env},
                capture_output=True, text=True, timeout=60, check=True,
            )  # fmt: skip
            assert mended.stdout.splitlines() == said
        assert started.admin("GET").json()["faults"] == []
