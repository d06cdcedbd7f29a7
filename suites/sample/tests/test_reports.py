"""P4: what accounting reads."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from orderdesk.cart import CATALOGUE
from orderdesk.prices import printed
from orderdesk.rates import converted, load_rates

DATA = Path(__file__).parents[1] / "data"


@pytest.fixture
def rates():
    return load_rates(DATA / "rates.csv")


@pytest.mark.parametrize(("rate", "expected"), [("1", 1050), ("1.0862", 1141), ("11.4205", 11992)])
def test_conversion(rate, expected):
    assert converted(1050, Decimal(rate)) == expected


@pytest.mark.parametrize("line", ["USD,much", "USD,-1"])
def test_rates_that_make_no_sense_are_named_by_their_line(tmp_path, line):
    path = tmp_path / "rates.csv"
    path.write_text(f"currency,per_euro\n{line}\n")
    with pytest.raises(ValueError, match="line 2"):
        load_rates(path)


def test_the_price_list_in_euros():
    lines = [f"{name:<4}{printed(cents):>12}" for name, cents in sorted(CATALOGUE.items())]
    print("\n".join(lines))
    assert lines[0] == "cup     7.95 EUR"


def test_the_price_list_in_pounds(rates):
    assert converted(CATALOGUE["pot"], rates["GBP"]) == 2497


def test_every_rate_is_of_this_world(rates):
    assert all(Decimal("0.01") < rate < 1000 for rate in rates.values())
