"""P2: prices to the cent."""

from __future__ import annotations

import pytest
from orderdesk.prices import discounted, printed, shipping


@pytest.mark.parametrize(
    ("cents", "percent", "expected"),
    [
        (500, 0, 500),
        (1000, 10, 900),
        (1999, 10, 1799),
        (1995, 10, 1796),
        (1049, 25, 787),
        (1000, 7, 930),
    ],
)
def test_discounts(cents, percent, expected):
    print(f"{printed(cents)} less {percent} % should be {printed(expected)}")
    missing = expected - discounted(cents, percent)
    assert missing == 0


@pytest.mark.parametrize("percent", [-1, 101])
def test_discounts_that_make_no_sense(percent):
    with pytest.raises(ValueError, match="from 0 to 100"):
        discounted(1000, percent)


@pytest.mark.parametrize(("cents", "country", "expected"), [(4999, "DE", 490), (5000, "DE", 0), (100, "SE", 890)])
def test_shipping(cents, country, expected):
    assert shipping(cents, country) == expected


@pytest.mark.parametrize(("cents", "text"), [(0, "0.00 EUR"), (5, "0.05 EUR"), (-1230, "-12.30 EUR")])
def test_printed(cents, text):
    assert printed(cents) == text
