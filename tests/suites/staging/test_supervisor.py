"""Starting, staying up and ending: an environment leaves nothing behind, however it ends."""

from __future__ import annotations

import json
import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from tests.suites.staging.running import COMMAND, ROOT, Running, none_left, running


@pytest.fixture
def own() -> Iterator[Running]:
    with running() as started:
        yield started


def test_the_ready_line_names_what_the_suites_need_and_a_login_works_at_once(environment: Running) -> None:
    assert set(environment.line) == {"target", "env"}
    assert set(environment.line["target"]) == {"base_url", "ws_url", "health_url", "version_url"}
    assert {"STAGING_USER", "STAGING_PASSWORD", "STAGING_SECOND_USER", "STAGING_ADMIN_KEY"} <= set(environment.env)
    assert environment.login()["token_type"] == "Bearer"
    assert environment.http.get("/ready").json()["status"] == "ready"


def test_it_ends_with_its_standard_input_and_removes_its_folder(own: Running) -> None:
    processes = own.processes()
    assert len(processes) == 6
    [folder] = _folders(own)

    own.close()

    assert own.process.returncode == 0
    assert none_left(processes)
    assert not folder.exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_at_a_signal(own: Running, number: signal.Signals) -> None:
    processes = own.processes()

    own.process.send_signal(number)

    assert own.process.wait(10) == 0
    assert none_left(processes)


def test_nothing_is_left_when_the_supervisor_is_killed(own: Running) -> None:
    processes = own.processes()
    [folder] = _folders(own)

    own.process.kill()

    assert none_left(processes)
    assert not folder.exists()


def test_it_ends_with_its_parent_even_if_its_standard_input_stays_open() -> None:
    script = (
        "import subprocess, sys, os\n"
        "child = subprocess.Popen([sys.executable, '-m', 'suites.staging'], stdin=int(sys.argv[1]), close_fds=False)\n"
        "print(child.pid, flush=True)\n"
        "sys.stdin.read()\n"
    )
    reading, writing = os.pipe()
    parent = subprocess.Popen(
        [sys.executable, "-c", script, str(reading)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        pass_fds=[reading],
    )
    assert parent.stdin is not None and parent.stdout is not None
    supervisor = psutil.Process(int(parent.stdout.readline()))
    assert "target" in json.loads(parent.stdout.readline())
    processes = [supervisor, *supervisor.children(recursive=True)]

    parent.kill()
    parent.wait()

    assert none_left(processes)
    for closing in (parent.stdin, parent.stdout):
        closing.close()
    os.close(reading)
    os.close(writing)


@pytest.mark.parametrize("service", ["auth-1", "backend-1", "gateway-1", "edge-1"])
def test_a_service_that_is_killed_is_there_again_at_its_port(environment: Running, service: str) -> None:
    before = environment.services()

    os.kill(before[service], signal.SIGKILL)
    psutil.wait_procs([psutil.Process(before[service])] if psutil.pid_exists(before[service]) else [], timeout=5)
    environment.http.close()
    environment.http = httpx.Client(base_url=environment.base_url, timeout=10)

    assert environment.login()
    with environment.socket() as socket:
        socket.recv(5)
    after = environment.services()
    assert after[service] != before[service]
    assert {name for name in after if after[name] != before[name]} == {service}


def test_it_is_ready_in_a_moment() -> None:
    """Under two seconds on a free machine (measured: 0.8); these cores are shared, so the bound here is looser."""
    took = []
    for _ in range(2):
        began = time.monotonic()
        with running():
            took.append(time.monotonic() - began)
    assert min(took) < 5


@pytest.mark.parametrize("arguments", [["--fault", "Z9-nonsense"], ["--time-scale", "0"]])
def test_what_cannot_be_started_as_asked_gets_one_sentence(arguments: list[str]) -> None:
    ended = subprocess.run([*COMMAND, *arguments], cwd=ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL)

    assert (ended.returncode, ended.stdout) == (2, "")
    assert len(ended.stderr.splitlines()) == 1


@pytest.fixture(scope="module")
def tls() -> Iterator[Running]:
    with running("--tls") as started:
        yield started


@pytest.fixture(scope="module")
def wrong_starts(tls: Running) -> Iterator[dict[str, Running]]:
    """Environments that were started wrongly; they end with the one that they were asked of."""
    names = ("A1", "A2", "A4", "A5", "A6", "A7", "A8", "E1")
    yield (made := {name: Running.of(tls.admin("POST", "/environments", {"faults": [name]}).json()) for name in names})
    for one in made.values():
        one.http.close()


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("A1", "not known|No address|resolution"),
        ("A2", "refused"),
        ("A4", "certificate has expired"),
        ("A5", "mismatch|not valid for"),
        ("A6", "self-signed|unable to get local issuer"),
        ("A7", "WRONG_VERSION_NUMBER|wrong version number|record layer"),
    ],
)
def test_a_start_fault_is_what_a_client_then_sees(wrong_starts: dict[str, Running], fault: str, says: str) -> None:
    wrong = wrong_starts[fault]
    with pytest.raises(httpx.ConnectError, match=says):
        httpx.get(wrong.base_url + "/health", verify=_trust(wrong), trust_env=False)


def test_with_tls_everything_is_as_without(tls: Running) -> None:
    assert tls.base_url.startswith("https://") and tls.ws_url.startswith("wss://")

    assert httpx.get(tls.base_url + "/ready", verify=_trust(tls), trust_env=False).status_code == 200
    with tls.socket(ssl=_trust(tls)) as socket:
        assert json.loads(socket.recv(5))["type"] == "welcome"


def test_where_h2_is_picked_an_upgrade_fails_and_rest_works(wrong_starts: dict[str, Running]) -> None:
    from websockets.exceptions import InvalidStatus

    h2 = wrong_starts["A8"]
    context = _trust(h2)
    assert httpx.get(h2.base_url + "/ready", verify=context, trust_env=False).status_code == 200
    with pytest.raises(InvalidStatus) as refused, h2.socket(ssl=context):
        pass
    assert refused.value.response.status_code == 464


def test_a_fault_of_the_client_is_told_to_the_suites_and_to_nobody_else(wrong_starts: dict[str, Running]) -> None:
    assert wrong_starts["E1"].env["STAGING_CLIENT_FAULT"] == "E1-no-credential-sent"
    with wrong_starts["E1"].socket(ssl=_trust(wrong_starts["E1"])) as socket:
        assert json.loads(socket.recv(5))["type"] == "welcome"


def _trust(environment: Running) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=environment.env.get("SSL_CERT_FILE"))
    # TLS 1.3 sends session tickets after the handshake: websockets' sync client then reads them in its thread while the
    # request is written in this one, which OpenSSL does not allow: one handshake in 1,500 is never answered (measured,
    # websockets 17.4 and Python 3.11; none in 28,000 with TLS 1.2, nor with a client of one thread).
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


def _folders(environment: Running) -> list[Path]:
    """The folders that the environment works in: where its services' logs are open."""
    edge = psutil.Process(environment.services()["edge-1"])
    return [Path(f"/proc/{edge.pid}/fd/2").readlink().parent]
