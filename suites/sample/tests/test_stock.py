"""P3: what lies on the shelves, also when many take from them at once."""

from __future__ import annotations

import logging
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from orderdesk.stock import SoldOut, Stock

log = logging.getLogger("tests.stock")


@pytest.fixture
def stock():
    return Stock(tea=10)


def test_taking_leaves_the_rest(stock):
    assert stock.take("tea", 3) == 7
    assert stock.left("tea") == 7


def test_putting_back(stock):
    stock.put("tea", 5)
    stock.put("pot", 1)
    assert (stock.left("tea"), stock.left("pot")) == (15, 1)


@pytest.mark.parametrize("name", ["tea", "yacht"])
def test_more_than_there_is(stock, name):
    with pytest.raises(SoldOut, match="11 of"):
        stock.take(name, 11)
    assert stock.left("tea") == 10


def test_nothing_is_sold_twice():
    stock = Stock(tea=100)

    def buy(_):
        try:
            stock.take("tea")
        except SoldOut:
            return 0
        return 1

    with ThreadPoolExecutor(8) as pool:
        sold = sum(pool.map(buy, range(160)))
    log.info("%d of 160 buyers were lucky", sold)
    assert (sold, stock.left("tea")) == (100, 0)


def test_the_last_tins_go_to_who_comes_first(desk, ada):
    answers = [ada.post("/orders", {"items": {"tin": 2}}) for _ in range(2)]
    print("the second buyer was told:", answers[1].body["error"], file=sys.stderr)
    assert [answer.status for answer in answers] == [201, 409]
    assert desk.stock.left("tin") == 1


def test_goods_leave_the_shelf_before_the_payment_settles(desk, ada):
    before = desk.stock.left("pot")
    number = ada.post("/orders", {"items": {"pot": 1}}).body["number"]
    assert desk.stock.left("pot") == before - 1
    assert ada.get(f"/orders/{number}?wait=5").body["state"] == "paid"
    assert desk.stock.left("pot") == before - 1


def test_a_refill_is_seen_by_who_waits(stock):
    stock.take("tea", 10)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: (time.sleep(0.3), stock.put("tea", 1)))
        deadline = time.monotonic() + 5
        while not stock.left("tea"):
            assert time.monotonic() < deadline, "nobody refills"
            time.sleep(0.02)
    assert stock.take("tea") == 0
