"""P1: from a full cart to a paid order, over HTTP."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest


def test_the_catalogue_is_open_to_all(nobody):
    answer = nobody.get("/catalogue")
    assert answer.status == 200
    assert answer.body["pot"] == 2900


def test_an_order_waits_for_its_payment(ada):
    answer = ada.post("/orders", {"items": {"tea": 2, "cup": 1}})
    assert answer.status == 201
    assert answer.body["state"] == "waiting for payment"
    assert answer.body["total"] == 2 * 450 + 795 + 490


def test_a_payment_settles(ada):
    number = ada.post("/orders", {"items": {"pot": 1}}).body["number"]
    deadline = time.monotonic() + 5
    while ada.get(f"/orders/{number}").body["state"] != "paid":
        assert time.monotonic() < deadline, "the bank takes too long"
        time.sleep(0.05)


def test_a_long_poll_is_answered_when_the_payment_settles(ada):
    number = ada.post("/orders", {"items": {"tea": 1}}).body["number"]
    began = time.monotonic()
    assert ada.get(f"/orders/{number}?wait=5").body["state"] == "paid"
    assert time.monotonic() - began < 4


def test_a_long_poll_ends_when_nothing_happens(ada, desk, monkeypatch):
    monkeypatch.setattr(desk, "settling", 30)
    number = ada.post("/orders", {"items": {"tea": 1}}).body["number"]
    began = time.monotonic()
    assert ada.get(f"/orders/{number}?wait=1.2").body["state"] == "waiting for payment"
    assert time.monotonic() - began >= 1.2


def test_many_buyers_at_once(ada):
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: ada.post("/orders", {"items": {"cup": 1}}), range(24)))
    assert {answer.status for answer in answers} == {201}
    assert len({answer.body["number"] for answer in answers}) == 24


def test_orders_are_private(ada, nobody):
    number = ada.post("/orders", {"items": {"tea": 1}}).body["number"]
    assert nobody.signed_in("grace").get(f"/orders/{number}").status == 404


@pytest.mark.parametrize(("items", "country"), [({"yacht": 1}, "DE"), ({"tea": 21}, "DE"), ({"tea": 1}, "ATLANTIS")])
def test_an_order_that_makes_no_sense_is_refused(ada, items, country):
    answer = ada.post("/orders", {"items": items, "country": country})
    assert answer.status == 422
    assert answer.body["error"]


def test_a_request_that_is_not_json(ada):
    assert ada.post_text("/orders", "{items: tea}").status == 400
