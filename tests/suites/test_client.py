"""The suites' client over HTTP: what it reads, what it sends (rightly, and wrongly on purpose), and what it says."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from suites.client import Client, PlatformError, Target, TargetMissing
from suites.client.credentials import Upgrade, upgrade
from suites.staging.faults import FAULTS

ENVIRONMENT = {
    "STAGING_BASE_URL": "http://staging.test/",
    "STAGING_WS_URL": "ws://staging.test/ws",
    "STAGING_USER": "ada",
    "STAGING_PASSWORD": "correct horse",
}


# The target --------------------------------------------------------------------------------------------------------


def test_a_target_is_read_from_the_environment():
    full = {
        **ENVIRONMENT,
        "STAGING_SECOND_USER": "eve",
        "STAGING_SECOND_PASSWORD": "battery staple",
        "STAGING_ADMIN_KEY": "key",
        "STAGING_TIMEOUT": "2.5",
        "STAGING_CLIENT_FAULT": "E1-no-credential-sent,D3-wrong-default-origin",
    }
    assert Target.of(full) == Target(
        base_url="http://staging.test",
        ws_url="ws://staging.test/ws",
        user="ada",
        password="correct horse",
        second_user="eve",
        second_password="battery staple",
        admin_key="key",
        timeout=2.5,
        client_faults=frozenset({"E1-no-credential-sent", "D3-wrong-default-origin"}),
    )


def test_what_may_be_left_out_of_the_environment_has_a_default():
    target = Target.of(ENVIRONMENT)
    assert (target.second_user, target.second_password, target.admin_key) == ("", "", "")
    assert (target.timeout, target.client_faults) == (10.0, frozenset())


@pytest.mark.parametrize(
    ("without", "said"),
    [
        (["STAGING_USER"], "STAGING_USER is not set"),
        (["STAGING_WS_URL", "STAGING_PASSWORD"], "STAGING_WS_URL, STAGING_PASSWORD are not set"),
    ],
)
def test_a_target_that_is_not_named_says_what_is_missing_and_what_to_do(without, said):
    with pytest.raises(TargetMissing) as missing:
        Target.of({**ENVIRONMENT, **dict.fromkeys(without, "")})
    assert said in str(missing.value)
    assert "python -m suites.staging" in str(missing.value)


def test_a_target_shown_shows_no_secret():
    shown = repr(Target.of({**ENVIRONMENT, "STAGING_SECOND_PASSWORD": "staple", "STAGING_ADMIN_KEY": "master"}))
    assert "http://staging.test" in shown
    assert not [secret for secret in ("correct horse", "staple", "master") if secret in shown]


# The credential ----------------------------------------------------------------------------------------------------

BEARER = (("Authorization", "Bearer access"),)
SPOILT = {
    "D3-wrong-default-origin": Upgrade(headers=BEARER, origin="http://127.0.0.1"),
    "E1-no-credential-sent": Upgrade(),
    "E2-credential-unexpanded": Upgrade(headers=(("Authorization", "Bearer ${STAGING_TOKEN}"),)),
    "E3-wrong-scheme": Upgrade(headers=(("Authorization", "JWT access"),)),
    "E4-bearer-bearer": Upgrade(headers=(("Authorization", "Bearer Bearer access"),)),
    "E6-newline-in-token": Upgrade(headers=(("Authorization", "Bearer access\n"),)),
    "E8-refresh-token-sent": Upgrade(headers=(("Authorization", "Bearer refresh"),)),
    "K1-client-api-changed": Upgrade(headers=BEARER, old_argument=True),
    "K3-handshake-key-wrong": Upgrade(headers=BEARER, key="not sixteen bytes"),
}


def sent(*faults: str, transport: Any = "header") -> Upgrade:
    return upgrade("access", "refresh", transport, frozenset(faults))


@pytest.mark.parametrize("fault", SPOILT)
def test_a_client_fault_spoils_the_upgrade_in_its_own_way(fault):
    assert sent(fault) == SPOILT[fault]


def test_a_set_up_that_was_not_run_ends_in_an_attribute_error():
    with pytest.raises(AttributeError, match="token"):
        sent("K2-fixture-not-run")


def test_every_fault_of_the_catalogue_that_is_the_clients_is_known_to_it():
    assert {fault.name for fault in FAULTS if fault.where == "client"} == {*SPOILT, "K2-fixture-not-run"}


def test_a_fault_the_client_does_not_have_is_refused_by_name():
    with pytest.raises(ValueError, match="the client has no fault 'E99-unheard-of'"):
        sent("E99-unheard-of")


def test_without_a_fault_the_token_goes_where_the_transport_says():
    assert sent() == Upgrade(headers=BEARER)
    assert sent(transport="subprotocol") == Upgrade(subprotocols=("agents.v1", "bearer.access"))
    assert sent(transport="none") == Upgrade()


@pytest.mark.parametrize("transport", ["subprotocol", "none"])
def test_a_fault_leaves_alone_what_a_test_chose_itself(transport):
    assert sent("E1-no-credential-sent", transport=transport) == sent(transport=transport)


# HTTP --------------------------------------------------------------------------------------------------------------


def refusal(**content: Any) -> httpx.Response:
    return httpx.Response(409, request=httpx.Request("POST", "http://staging.test/threads/t/runs"), **content)


def test_a_problem_is_told_by_its_title_and_detail():
    problem = {
        "type": "https://staging.example/problems/run-in-progress",
        "title": "A run is in progress",
        "detail": "Wait for its end",
    }
    error = PlatformError(refusal(json=problem))
    assert (error.status, error.slug) == (409, "run-in-progress")
    assert str(error) == "POST /threads/t/runs: HTTP 409, A run is in progress: Wait for its end"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"text": "default backend - 404"}, "default backend - 404"),
        ({"json": ["no", "problem"]}, '["no","problem"]'),
        ({"json": {"error": "of somebody else"}}, '{"error":"of somebody else"}'),
        ({"content": b""}, "an empty body"),
        ({"text": "x" * 900}, "x" * 200),
    ],
    ids=["text", "a-list", "another-object", "nothing", "too-much"],
)
def test_a_refusal_that_is_no_problem_is_told_by_what_it_says(content, said):
    error = PlatformError(refusal(**content))
    assert error.slug == ""
    assert str(error) == f"POST /threads/t/runs: HTTP 409, {said}"


@asynccontextmanager
async def client_of(answer: Callable[[httpx.Request], httpx.Response]) -> AsyncIterator[Client]:
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        granted = {"access_token": "access", "refresh_token": "refresh", "user": {"id": "usr_1"}}
        yield Client(Target.of(ENVIRONMENT), http, granted)


async def test_a_list_is_read_to_its_last_page():
    def page(request: httpx.Request) -> httpx.Response:
        first = int(request.url.params.get("cursor", "0"))
        assert request.url.params["order"] == "desc"
        return httpx.Response(
            200, json={"items": [first, first + 1], "next_cursor": str(first + 2), "has_more": first < 4}
        )

    async with client_of(page) as client:
        assert await client.everything("/threads", order="desc") == [0, 1, 2, 3, 4, 5]


async def test_a_credential_is_sent_unless_a_test_says_otherwise():
    async with client_of(lambda request: httpx.Response(200, text=request.headers.get("authorization", ""))) as client:
        assert (await client.get("/")).text == "Bearer access"
        assert (await client.get("/", token="other")).text == "Bearer other"
        assert (await client.get("/", headers={"authorization": "Basic x"})).text == "Basic x"
        assert (await client.get("/", anonymous=True)).text == ""


async def test_a_verb_raises_for_anything_but_success():
    async with client_of(lambda _: httpx.Response(500, text="boom")) as client:
        with pytest.raises(PlatformError, match="GET /threads/t: HTTP 500, boom"):
            await client.thread("t")
