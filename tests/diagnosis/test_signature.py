"""Failures of one reason share a signature; failures of two reasons never do."""

from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.diagnosis.masks import masked
from tui.diagnosis.signature import LONGEST, signature

ALIKE = {
    "uuids": ("order 6f9619ff-8b86-d011-b42d-00cf4fc964ff lost", "order 00000000-8b86-d011-b42d-00cf4fc964ff lost"),
    "addresses of objects": ("<Cart object at 0x7f3a2c1d>", "<Cart object at 0x7f99aa00bb11>"),
    "moments": ("expired at 2025-09-07T00:31:00.123Z", "expired at 2025-09-08 11:02:59+02:00"),
    "HTTP dates": ("since Sun, 07 Sep 2025 00:31:00 GMT", "since Mon, 08 Sep 2025 10:00:01 GMT"),
    "epochs": ("exp=1757205060", "exp=1757291460"),
    "temporary paths": (
        "no file '/tmp/pytest-of-ann/pytest-3/x'",
        "no file '/tmp/pytest-of-bob/pytest-9/x'",
    ),
    "ports the kernel chose": ("refused: localhost:43211", "refused: localhost:51002"),
    "addresses in a cluster": ("connect to 10.4.0.17:8080", "connect to 10.4.3.2:8080"),
    "numbered users": ("user_1 not found", "user_22 not found"),
    "ids of rows": ("no row with id=7", "no row with id=1234"),
    "ids in JSON": ('{"user_id": 7, "ok": false}', '{"user_id": 99812, "ok": false}'),
    "ids in camel case": ("userId=7 is gone", "userId=8 is gone"),
    "ids in a URL": ("GET /v2/orders/8812/cancel", "GET /v2/orders/9/cancel"),
    "pods": ("pod api-7d9f8b6c5-x2x4k restarted", "pod api-6c8f7b5d4-q9w2z restarted"),
    "digests": ("at 3f2a9c1b", "at 0badc0de1"),
    "tokens": ("bad key 8fk2LmQ09zXw1TrB5vNc7Y", "bad key 1TrB5vNc7Y8fk2LmQ09zXwQQ"),
    "measured times": ("timed out after 5.0312 s", "timed out after 5.17 s"),
    "lines of a source file": ("broken at tests/conftest.py:12", "broken at tests/conftest.py:140"),
    "the exception's own name": ("assert False", "AssertionError: assert False"),
    "the exception's whole name": ("gone", "websockets.exceptions.AssertionError: gone"),
    "blanks": ("assert  False", "assert False\nwith more below"),
}

APART = {
    "status codes": (
        "rejected WebSocket connection: HTTP 403",
        "rejected WebSocket connection: HTTP 401",
    ),
    "compared status codes": ("assert 403 == 200", "assert 500 == 200"),
    "status in a word": ("error_403", "error_404"),
    "status in capitals": ("E404 not found", "E403 not found"),
    "status of a response": ("<Response [403 Forbidden]>", "<Response [503 Service Unavailable]>"),
    "codes of an identity provider": ("AADSTS50011: no", "AADSTS700016: no"),
    "codes of a database": ("ORA-00942", "ORA-01017"),
    "close codes": ("closed 1006", "closed 1008"),
    "error numbers": ("[Errno 111] refused", "[Errno 113] no route"),
    "long error numbers": ("[WinError 10061] refused", "[WinError 10060] timed out"),
    "results in hexadecimal": ("failed: 0x80070005", "failed: 0x80004005"),
    "amounts": ("refund total 19.99 != 20.00", "refund total 0.00 != 20.00"),
    "versions of an API": ("GET /v1/orders failed", "GET /v2/orders failed"),
    "versions of HTTP": ("HTTP/1.1 refused", "HTTP/2 refused"),
    "services by their port": ("refused: localhost:5432", "refused: localhost:6379"),
    "encodings": ("'utf-8' codec", "'utf-16' codec"),
    "digests by name": ("sha256 differs", "sha512 differs"),
    "exit codes": ("exit code 1", "exit code 137"),
    "characters spelled out": (r"assert '\x1b[31m'", r"assert '\x9b[31m'"),
    "names": ("no fixture 'tenant'", "no fixture 'account'"),
}


@pytest.mark.parametrize(("one", "other"), ALIKE.values(), ids=ALIKE.keys())
def test_what_names_an_instance_is_no_difference(one: str, other: str) -> None:
    assert signature("AssertionError", one, "a.py:f") == signature("AssertionError", other, "a.py:f")


@pytest.mark.parametrize(("one", "other"), APART.values(), ids=APART.keys())
def test_what_says_something_is_a_difference(one: str, other: str) -> None:
    assert signature("AssertionError", one, "a.py:f") != signature("AssertionError", other, "a.py:f")


def test_two_exceptions_or_two_places_are_apart() -> None:
    assert signature("KeyError", "x", "a.py:f") != signature("IndexError", "x", "a.py:f")
    assert signature("KeyError", "x", "a.py:f") != signature("KeyError", "x", "a.py:g")


def test_what_is_kept_reads_as_it_was() -> None:
    message = "refund total 19.99 != 20.00 (HTTP 409, attempt 2 of 3) for user_12 on 127.0.0.1:8080"
    assert masked(message) == message.replace("user_12", "user_#")


TEXTS = st.text(st.characters()) | st.lists(
    st.sampled_from(
        [message for pair in itertools.chain(ALIKE.values(), APART.values()) for message in pair]
        + [" ", "-", "_", ":", "0", "9", "/tmp/", "id=", "port ", "E: ", "a", "f", "x", ".", "[", "]", "\n", "0x"]
    )
).map("".join)


@given(TEXTS, TEXTS, TEXTS)
def test_a_signature_of_a_signature_is_itself(exception: str, message: str, frame: str) -> None:
    once = signature(exception, message, frame)
    assert signature(once.exception, once.message, once.frame) == once
    for part in (once.exception, once.message, once.frame):
        assert len(part) <= LONGEST
        assert len(part.splitlines()) <= 1


@given(
    st.integers(100, 599), st.sampled_from(["HTTP {}", "status: {}", "status_code={}", "assert {} == 200", "[{} X]"])
)
def test_every_status_code_is_kept(status: int, form: str) -> None:
    assert str(status) in signature("E", f"got {form.format(status)} for order-12345", "a.py:f").message


@pytest.mark.parametrize(
    "unit", ["a", "1", "a-", "a1-", "0x", "1.", "1:", "/tmp/", "[a:", " ", "id=", "_", "aA0", "E:", "\n"]
)
def test_no_text_takes_long(unit: str) -> None:
    began = time.perf_counter()
    signature("E", unit * 1_000_000, unit * 100_000)
    assert time.perf_counter() - began < 0.2
