"""Every fault of the edge and of the gateway: it does what its line in the catalogue says, and clearing it mends it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus, InvalidURI

from suites.staging.faults import FAULTS, UnknownFault, client_faults, find
from tests.suites.staging.running import COMMAND, ROOT, Running

APP = "https://app.staging.example"


def test_the_catalogue_has_every_cause_once_and_says_what_is_seen_in_one_sentence() -> None:
    assert len(FAULTS) >= 60
    assert len({fault.id for fault in FAULTS}) == len({fault.name for fault in FAULTS}) == len(FAULTS)
    for fault in FAULTS:
        assert re.fullmatch(r"[A-K][1-9][0-9]?-[a-z0-9-]+", fault.name)
        assert fault.breaks.endswith(".") and fault.seen.endswith(".")
        assert fault.run_time == (fault.where not in ("start", "client"))


def test_a_fault_is_found_by_its_name_or_its_id() -> None:
    assert find("E1") == find("e1-no-credential-sent") == find("E1-no-credential-sent")
    with pytest.raises(UnknownFault, match="E99"):
        find("E99")
    assert client_faults(["E1-no-credential-sent", "B7-bad-gateway"]) == ("E1-no-credential-sent",)


def test_they_are_listed_without_importing_a_service() -> None:
    listed = subprocess.run([*COMMAND, "--list-faults"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert all(fault.name in listed and fault.seen in listed for fault in FAULTS)
    script = "import sys, suites.staging.faults; sys.exit('starlette' in sys.modules or 'httpx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT).returncode == 0


def handshake(environment: Running, **options: Any) -> str:
    """What becomes of a handshake: ``welcome``, or the status, or the close code."""
    try:
        with environment.socket(**options) as socket:
            return str(json.loads(socket.recv(5))["type"])
    except InvalidStatus as refused:
        return str(refused.response.status_code)
    except ConnectionClosed as closed:
        return str(closed.rcvd.code if closed.rcvd else 1006)
    except InvalidURI as redirected:
        return f"to {redirected.uri}"
    except (TimeoutError, InvalidMessage):
        return "nothing"


def rest(environment: Running, path: str = "/threads") -> str:
    answer = environment.http.get(path, headers=environment.bearer)
    return f"{answer.status_code} {answer.headers['x-instance']}"


def by_subprotocol(environment: Running) -> str:
    return handshake(environment, additional_headers={}, subprotocols=["agents.v1", f"bearer.{environment.token}"])


FINE = "200 backend-1"
ON_WEBSOCKETS: list[tuple[str, str, str]] = [
    ("B1", "403", "401 backend-1"),
    ("B2", "403", FINE),
    ("B3", "404", FINE),
    ("B4", "403", "403 edge-1"),
    ("B5", "403", FINE),
    ("B6", "403", FINE),
    ("B7", "502", "502 edge-1"),
    ("B8", "503", "503 edge-1"),
    ("B10", "welcome", "307 edge-1"),
    ("B11", "404", "404 edge-1"),
    ("B12", "400", FINE),
    ("B13", "to https://login.staging.example/", FINE),
    ("B14", "200", FINE),
    ("B15", "welcome", FINE),
    ("B16", "welcome", FINE),
    ("B17", "welcome", FINE),
    ("C1", "403", FINE),
    ("C2", "403", FINE),
    ("C3", "404", FINE),
    ("C4", "403", FINE),
    ("C5", "welcome", FINE),
    ("C6", "500", FINE),
    ("C7", "1006", FINE),
    ("D1", "welcome", FINE),
    ("D2", "403", FINE),
    ("D4", "welcome", FINE),
    ("E5", "403", FINE),
    ("E7", "401", "401 edge-1"),
    ("G4", "403", FINE),
    ("H3", "welcome", FINE),
    ("I1", "welcome", FINE),
    ("I4", "welcome", FINE),
    ("J3", "503", "503 edge-1"),
    ("J6", "503", "503 edge-1"),
    ("J8", "403", "404 backend-1"),
]


@pytest.mark.parametrize(("fault", "socket_says", "rest_says"), ON_WEBSOCKETS, ids=[row[0] for row in ON_WEBSOCKETS])
def test_a_fault_breaks_what_it_names_and_leaves_the_rest(
    environment: Running, fault: str, socket_says: str, rest_says: str
) -> None:
    assert environment.token
    with environment.fault(fault):
        assert (handshake(environment), rest(environment)) == (socket_says, rest_says)
    assert (handshake(environment), rest(environment)) == ("welcome", FINE)


def test_with_an_authorization_dropped_a_subprotocol_still_carries_the_token(environment: Running) -> None:
    for fault in ("B1", "B2"):
        with environment.fault(fault):
            assert by_subprotocol(environment) == "welcome"
    for fault in ("B17", "E5"):
        with environment.fault(fault):
            assert by_subprotocol(environment) == "403"
    with environment.fault("C5"), environment.socket(subprotocols=["agents.v1"]) as socket:
        assert socket.subprotocol is None


@pytest.mark.parametrize(
    ("fault", "options", "says"),
    [
        ("B5", {"user_agent_header": "Mozilla/5.0"}, "welcome"),
        ("D1", {"origin": APP}, "403"),
        ("D2", {"origin": APP}, "welcome"),
        ("D4", {"origin": APP}, "403"),
    ],
)
def test_one_thing_varied_tells_it_apart(environment: Running, fault: str, options: dict[str, Any], says: str) -> None:
    with environment.fault(fault):
        assert handshake(environment, **options) == says


def test_the_tokens_and_parameters_that_get_through(environment: Running) -> None:
    from websockets.sync.client import connect

    for fault, url in (("C1", "/v1"), ("C4", "?client=web"), ("E5", f"?token={environment.token}")):
        with environment.fault(fault), connect(environment.ws_url + url, additional_headers=environment.bearer) as s:
            assert json.loads(s.recv(5))["type"] == "welcome"


def test_a_redirect_with_a_slash_costs_the_credential(environment: Running) -> None:
    with environment.fault("B10"):
        answer = environment.http.get("/threads?limit=1", headers=environment.bearer, follow_redirects=True)
        assert (answer.status_code, answer.url.path, answer.url.host) == (401, "/threads/", "localhost")


def test_a_redirect_to_https_is_no_place_for_a_websocket(environment: Running) -> None:
    with environment.fault("B9"):
        assert handshake(environment) == f"to {environment.ws_url.replace('ws:', 'https:')}"
        assert environment.http.get("/health").status_code == 301


def test_a_black_hole_answers_nobody_but_the_admin(environment: Running) -> None:
    with environment.fault("A3"):
        assert handshake(environment, open_timeout=0.5) == "nothing"
    assert rest(environment) == FINE


def lives(environment: Running, busy: bool) -> float:
    """Seconds that a WebSocket lives, at most three."""
    with environment.socket() as socket:
        socket.recv(5)
        began = time.monotonic()
        try:
            while time.monotonic() - began < 3:
                if busy:
                    socket.send('{"type": "ping", "id": "1"}')
                try:
                    socket.recv(0.2)
                except TimeoutError:
                    continue
                time.sleep(0.05)
        except ConnectionClosed as closed:
            assert closed.rcvd is None
            return time.monotonic() - began
    return 3


def test_what_is_silent_is_cut_and_what_is_old_is_cut_though_it_is_busy(environment: Running) -> None:
    with environment.fault("B15"):
        assert 0.9 < lives(environment, busy=False) < 2.5
    with environment.fault("B16"):
        assert 0.3 < lives(environment, busy=True) < 2


def sequence(environment: Running, number: int) -> list[str]:
    return [handshake(environment) for _ in range(number)]


def test_one_of_two_gateways_is_bad(environment: Running) -> None:
    with environment.fault("H5"):
        assert sorted(sequence(environment, 4)) == ["403", "403", "welcome", "welcome"]
    with environment.fault("J2"):
        environment.admin("POST", "/revision", {"revision": "5"})
        assert sorted(sequence(environment, 4)) == ["404", "404", "welcome", "welcome"]
        revisions = set()
        for _ in range(2):
            try:
                with environment.socket() as socket:
                    revisions.add(json.loads(socket.recv(5))["revision"])
            except InvalidStatus as refused:
                revisions.add(refused.response.headers["x-revision"])
        assert revisions == {"5", "4"}


def test_a_cold_gateway_is_503_first_and_then_fine(environment: Running) -> None:
    with environment.fault("H1"):
        assert handshake(environment) == "503"
        _until(lambda: handshake(environment) == "welcome")


def test_an_outage_ends_by_itself_and_comes_again(environment: Running) -> None:
    with environment.fault("J3"):
        for says in ("503 edge-1", FINE, "503 edge-1"):
            _until(lambda says=says: rest(environment) == says)


def _until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 6
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_third_connection_is_refused_where_two_are_the_cap(environment: Running) -> None:
    with environment.fault("H3"), environment.socket() as one, environment.socket() as two:
        assert one.recv(5) and two.recv(5)
        assert handshake(environment) == "403"


@pytest.mark.parametrize(
    ("fault", "message", "code"),
    [
        ("I1", {"type": "ping", "id": "1"}, 1008),
        ("I2", [], None),
        ("I4", {"type": "ping", "id": "1", "pad": "a" * 256}, 1009),
        ("J9", {"type": "ping", "id": "1"}, 1012),
    ],
)
def test_an_open_connection_ends(environment: Running, fault: str, message: object, code: int | None) -> None:
    with environment.fault(fault), environment.socket() as socket:
        socket.recv(5)
        socket.send(json.dumps(message))
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                socket.recv(5)
    assert (closed.value.rcvd.code if closed.value.rcvd else None) == code


def test_a_blocked_event_loop_makes_everything_late(environment: Running) -> None:
    with environment.fault("H4"), environment.socket() as socket:
        socket.recv(5)
        began = time.monotonic()
        socket.send('{"type": "ping", "id": "1"}')
        socket.recv(10)
        assert time.monotonic() - began > 2
