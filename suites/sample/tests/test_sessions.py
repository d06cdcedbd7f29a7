"""P1: signing in, and what a token opens."""

from __future__ import annotations

import time

import pytest
from orderdesk import tokens


def test_the_shop_is_up(nobody):
    assert nobody.get("/health") == (200, {"status": "ok"})


@pytest.mark.parametrize("user", ["ada", "grace"])
def test_signing_in(nobody, user):
    assert nobody.signed_in(user).get("/orders").status == 200


@pytest.mark.parametrize("password", ["", "Lovelace", "hopper"])
def test_a_wrong_password_is_turned_away(nobody, password):
    answer = nobody.post("/session", {"user": "ada", "password": password})
    assert answer == (401, {"error": "wrong user or password"})


def test_without_a_token_the_door_is_shut(nobody):
    assert nobody.get("/orders").status == 401


def test_a_changed_token_is_refused():
    token = tokens.issue("ada", 60, b"key")
    with pytest.raises(tokens.Refused, match="signature"):
        tokens.user_of(token[:-1] + ("0" if token[-1] != "0" else "1"), b"key")


def test_a_token_of_another_shop_is_refused():
    with pytest.raises(tokens.Refused, match="signature"):
        tokens.user_of(tokens.issue("ada", 60, b"theirs"), b"ours")


@pytest.mark.parametrize("path", ["/orders", "/orders/1"])
def test_an_expired_token_opens_nothing(nobody, path):
    late = nobody.signed_in("grace", seconds=0.4)
    late.post("/orders", {"items": {"tea": 1}})
    time.sleep(0.8)
    assert late.get(path).status == 401
